using System.Text;
using System.Text.Json;
using Pulse.Actors.Broker;
using Pulse.Actors.Tests.Storage;

namespace Pulse.Actors.Tests.Broker;

/// <summary>What is read of the document in which a client tells of itself.</summary>
public sealed class ClientStatisticsTests
{
    private const string Consumer =
        """
        { "name": "pulse#consumer-1", "type": "consumer", "ts": 1, "replyq": 4, "msg_cnt": 0, "msg_size": 0, "simple_cnt": 0,
          "brokers": {
            "kafka-1:9092/1": { "name": "kafka-1:9092/1", "nodeid": 1, "state": "UP", "txerrs": 2, "rxerrs": 3, "req_timeouts": 7,
              "int_latency": { "p50": 1, "p99": 2, "cnt": 3 },
              "rtt": { "min": 100, "max": 9000, "p50": 1500, "p75": 1, "p99": 8000, "cnt": 12 },
              "req": { "Fetch": 9 }, "toppars": { "t-0": { "topic": "t", "partition": 0 } } },
            "kafka-2:9092/2": { "state": "DOWN", "txerrs": 0, "rxerrs": 0, "req_timeouts": 0, "rtt": { "p50": 0, "p99": 0, "cnt": 0 } } },
          "topics": { "t": { "topic": "t", "batchsize": { "cnt": 5 }, "partitions": {
            "0": { "partition": 0, "fetchq_cnt": 40, "fetchq_size": 4000, "msgq_cnt": 0 },
            "-1": { "partition": -1, "fetchq_cnt": 0, "fetchq_size": 0 } } } },
          "cgrp": { "state": "up" }, "tx": 9 }
        """;

    [Fact]
    public void Queue_and_brokers_of_a_consumer()
    {
        var said = ClientStatistics.Parse(Encoding.UTF8.GetBytes(Consumer));

        Assert.Equal((40, 4000), (said.QueuedMessages, said.QueuedBytes));
        Assert.Equal(
            [
                new BrokerStatistics("kafka-1:9092/1", "UP", 5, 7, 1500, 8000),
                new BrokerStatistics("kafka-2:9092/2", "DOWN", 0, 0, null, null),
            ],
            said.Brokers);
    }

    [Fact]
    public void The_queue_of_a_producer_is_what_waits_to_be_sent()
    {
        var said = ClientStatistics.Parse("""{"type":"producer","msg_cnt":12,"msg_size":3400,"brokers":{},"topics":{}}"""u8);

        Assert.Equal((12, 3400), (said.QueuedMessages, said.QueuedBytes));
        Assert.Empty(said.Brokers);
    }

    [Fact]
    public void Of_very_many_brokers_a_bounded_number_is_read()
    {
        var brokers = string.Join(',', Enumerable.Range(0, 1_000).Select(number => $"\"b{number}\":{{\"state\":\"UP\",\"rtt\":{{}}}}"));

        var said = ClientStatistics.Parse(Encoding.UTF8.GetBytes($"{{\"brokers\":{{{brokers}}},\"msg_cnt\":3}}"));

        Assert.Equal((ClientStatistics.MaximumBrokers, 3), (said.Brokers.Length, said.QueuedMessages));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"brokers\":7}")]
    [InlineData("{\"brokers\":{\"b\":{\"state\":\"UP\"")]
    public void What_is_no_such_document_is_refused(string json) =>
        Assert.ThrowsAny<JsonException>(() => ClientStatistics.Parse(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public async Task A_monitor_has_the_newest_and_goes_on_after_one_that_can_not_be_read()
    {
        var monitor = new ClientMonitor();
        Assert.Null(monitor.Latest);

        monitor.Said("""{"msg_cnt":1}""");
        await Until.TrueAsync(() => monitor.Latest?.QueuedMessages == 1);
        monitor.Said("no document");
        monitor.Said("""{"msg_cnt":2}""");

        await Until.TrueAsync(() => monitor.Latest?.QueuedMessages == 2);
    }
}
