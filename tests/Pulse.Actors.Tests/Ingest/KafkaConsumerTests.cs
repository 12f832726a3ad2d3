using System.Globalization;
using System.Text;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pulse.Actors.Ingest;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Simulator.Broker;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Ingest;

/// <summary>The node's consumer against a broker.</summary>
public sealed class KafkaConsumerTests(KafkaFixture kafka) : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ActorSystem _system = ActorSystem.Create("reader", "akka.stdout-loglevel = OFF, akka.loggers = []");
    private readonly IngestStatistics _statistics = new();
    private readonly List<KafkaConsumer> _consumers = [];
    private EventTopic _topic = null!;

    public async ValueTask InitializeAsync() => _topic = await EventTopic.CreateAsync(kafka, 2);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_consumers.Select(consumer => consumer.StopAsync())).WaitAsync(Limit);
        await _system.Terminate();
    }

    [Fact]
    public async Task A_partition_is_read_from_where_it_is_sought_and_not_before()
    {
        await _topic.ProduceAsync(0, Numbers(0, 5));
        var before = DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeMilliseconds();
        var consumer = Start();

        var assigned = await consumer.AssignAsync(0);
        Assert.True(await consumer.SeekAsync(assigned, At(2), 7));
        var records = await Reader(assigned).TakeAsync(3);

        Assert.Equal(new StreamPartition(EventTopic.Stream, 0), assigned.Partition);
        Assert.Equal(["2", "3", "4"], records.Select(record => record.Text));
        Assert.Equal([2L, 3, 4], records.Select(record => record.Offset));
        Assert.All(records, record => Assert.Equal(7, record.Reading));
        Assert.All(records, record => Assert.InRange(record.Time, before, before + 120_000));
        Assert.All(records, record => Assert.Equal([7], record.Key));
    }

    [Fact]
    public async Task What_is_sought_again_is_read_again_under_its_own_number()
    {
        await _topic.ProduceAsync(0, Numbers(0, 5));
        var consumer = Start();
        var assigned = await SeekAsync(consumer, 0, offset: 0);
        var reader = Reader(assigned);
        AssertOneByOne(await reader.TakeAsync(5), reading: 1);

        for (var reading = 2; reading < 10; reading++)
        {
            Assert.True(await consumer.SeekAsync(assigned, At(2), reading));
            Assert.Equal(
                [(reading, 2L), (reading, 3), (reading, 4)],
                (await reader.TakeAsync(3)).Select(record => (record.Reading, record.Offset)));
        }
    }

    [Fact]
    public async Task Of_many_seeks_in_a_row_the_last_one_counts()
    {
        await _topic.ProduceAsync(0, Numbers(0, 50));
        var consumer = Start();
        var assigned = await consumer.AssignAsync(0);

        await Task.WhenAll(Enumerable.Range(1, 20).Select(reading => consumer.SeekAsync(assigned, At(20 - reading), reading)));

        AssertOneByOne(await Reader(assigned).TakeAsync(record => record.Reading == 20, 50), reading: 20);
    }

    [Fact]
    public async Task The_first_batch_after_a_seek_starts_there_and_each_other_one_where_the_one_before_it_ended()
    {
        await _topic.ProduceAsync(0, Numbers(0, 9_000));
        var assigned = await SeekAsync(Start(), 0, offset: 3);
        using var materializer = _system.Materializer();

        var spans = await assigned.Batches
            .Select(batch => (batch.Start, batch.NextOffset))
            .TakeWhile(span => span.NextOffset < 9_000, inclusive: true)
            .RunWith(Sink.Seq<(long Start, long Next)>(), materializer)
            .WaitAsync(Limit);

        Assert.Equal([3, .. spans.SkipLast(1).Select(span => span.Next)], spans.Select(span => span.Start));
    }

    [Fact]
    public async Task A_position_outside_of_the_log_is_told_and_what_was_read_goes_on()
    {
        await _topic.ProduceAsync(0, Numbers(0, 22));
        await _topic.RemoveBelowAsync(0, 9);
        var consumer = Start();
        var assigned = await consumer.AssignAsync(0);

        Assert.False(await consumer.SeekAsync(assigned, At(8), 1));
        Assert.False(await consumer.SeekAsync(assigned, At(23), 2));
        Assert.True(await consumer.SeekAsync(assigned, At(22), 3));
        Assert.True(await consumer.SeekAsync(assigned, At(9), 4));
        Assert.False(await consumer.SeekAsync(assigned, At(23), 5));

        Assert.Equal(
            Enumerable.Range(9, 13).Select(offset => (4, (long)offset)),
            (await Reader(assigned).TakeAsync(record => record.Reading == 4, 13)).Select(it => (it.Reading, it.Offset)));
    }

    [Fact]
    public async Task What_the_log_holds_is_the_brokers_word()
    {
        await _topic.ProduceAsync(0, Numbers(0, 22));
        await _topic.RemoveBelowAsync(0, 9);
        var consumer = Start();

        Assert.Equal((9L, 22L), await consumer.LogSpanAsync(await consumer.AssignAsync(0)));
        Assert.Equal((0L, 0L), await consumer.LogSpanAsync(await consumer.AssignAsync(1)));
    }

    [Fact]
    public async Task The_epoch_of_a_record_is_that_of_the_leader_that_wrote_it()
    {
        await using var cluster = await KafkaFixture.StartClusterAsync();
        var topic = EventTopic.At(await KafkaFixture.CreateStreamAsync(cluster.BootstrapServers, 1));
        await topic.ProduceAsync(0, Numbers(0, 3));
        await cluster.Brokers[0].StopAsync();
        await cluster.StartAsync(cluster.Brokers[0]);
        await topic.ProduceAsync(0, Numbers(3, 3));

        var records = await Reader(await SeekAsync(Start(topic.Settings), 0, offset: 0)).TakeAsync(6);

        var first = records[0].Epoch;
        Assert.True(first >= 0, $"The first record's epoch is {first}.");
        Assert.All(records.Take(3), record => Assert.Equal(first, record.Epoch));
        Assert.All(records.Skip(3), record => Assert.True(record.Epoch > first, $"A later record's epoch is {record.Epoch}."));
    }

    [Fact]
    public async Task The_embedded_broker_is_read_and_sought_as_any_other()
    {
        using var broker = EmbeddedBroker.Start();
        broker.CreateTopic("events", 1);
        var topic = EventTopic.At(new KafkaSettings(broker.BootstrapServers) { Topic = "events" });
        await topic.ProduceAsync(0, Numbers(0, 5));
        var consumer = Start(topic.Settings);
        var assigned = await SeekAsync(consumer, 0, offset: 0);
        var reader = Reader(assigned);

        AssertOneByOne(await reader.TakeAsync(5), reading: 1);
        Assert.True(await consumer.SeekAsync(assigned, new LogPosition(3, 0), 2));
        var again = await reader.TakeAsync(2);
        Assert.Equal([(2, 3L), (2, 4)], again.Select(record => (record.Reading, record.Offset)));
        Assert.All(again, record => Assert.True(record.Epoch >= LogPosition.UnknownEpoch));
        Assert.False(await consumer.SeekAsync(assigned, At(6), 3));
        Assert.Equal((0L, 5L), await consumer.LogSpanAsync(assigned));
    }

    [Fact]
    public async Task What_is_committed_is_what_the_broker_then_says()
    {
        await _topic.ProduceAsync(0, Numbers(0, 5));
        var consumer = Start();
        var assigned = await consumer.AssignAsync(0);

        await consumer.CommitAsync(assigned.Partition, 4);

        Assert.Equal(4, _topic.Committed(0));
        Assert.Null(_topic.Committed(1));
    }

    [Fact]
    public async Task A_slow_reader_pauses_its_partition_and_no_other_and_misses_nothing()
    {
        const int count = 30_000;
        await _topic.ProduceAsync(0, Numbers(0, count));
        await _topic.ProduceAsync(1, Numbers(0, count));
        var consumer = Start();
        var slow = await SeekAsync(consumer, 0, offset: 0);
        var quick = await SeekAsync(consumer, 1, offset: 0);

        AssertOneByOne(await Reader(quick).TakeAsync(count), reading: 1);
        AssertOneByOne(await Reader(slow).TakeAsync(count), reading: 1);
    }

    [Fact]
    public async Task A_paused_partition_can_be_sought()
    {
        const int count = 30_000;
        await _topic.ProduceAsync(0, Numbers(0, count));
        await _topic.ProduceAsync(1, Numbers(0, count));
        var consumer = Start();
        var slow = await SeekAsync(consumer, 0, offset: 0);
        await Reader(await SeekAsync(consumer, 1, offset: 0)).TakeAsync(count);

        Assert.True(await consumer.SeekAsync(slow, At(0), 2));

        AssertOneByOne(await Reader(slow).TakeAsync(record => record.Reading == 2, count), reading: 2);
    }

    [Fact]
    public async Task A_paused_partition_that_was_taken_back_is_read_when_it_comes_again()
    {
        const int count = 30_000;
        await _topic.ProduceAsync(0, Numbers(0, count));
        await _topic.ProduceAsync(1, Numbers(0, count));
        var consumer = Start();
        var slow = await SeekAsync(consumer, 0, offset: 0);
        await Reader(await SeekAsync(consumer, 1, offset: 0)).TakeAsync(count);

        consumer.Unassign(slow);

        AssertOneByOne(await Reader(await SeekAsync(consumer, 0, offset: 0)).TakeAsync(count), reading: 1);
    }

    [Fact]
    public async Task A_large_record_arrives_whole()
    {
        var value = new byte[300_000];
        new Random(5).NextBytes(value);
        await _topic.ProduceAsync(0, [.. Numbers(0, 1), value, .. Numbers(2, 1)]);

        var records = await Reader(await SeekAsync(Start(), 0, offset: 0)).TakeAsync(3);

        Assert.Equal(value, records[1].Value);
        Assert.Equal("2", records[2].Text);
    }

    [Fact]
    public async Task The_end_of_a_partition_is_told_without_a_record()
    {
        var assigned = await SeekAsync(Start(), 0, offset: 0);

        var (count, next) = await assigned.Batches
            .Select(batch => (batch.Count, batch.NextOffset))
            .RunWith(Sink.First<(int, long)>(), _system.Materializer())
            .WaitAsync(Limit);

        Assert.Equal((0, 0L), (count, next));
    }

    [Fact]
    public async Task A_partition_that_is_unassigned_ends_and_the_others_go_on()
    {
        var consumer = Start();
        var first = await SeekAsync(consumer, 0, offset: 0);
        var second = await SeekAsync(consumer, 1, offset: 0);
        Assert.Equal([0, 1], _statistics.Partitions.Select(status => status.Partition));

        consumer.Unassign(first);

        await EndAsync(first);
        await Until.TrueAsync(() => _statistics.Partitions is [{ Partition: 1 }]);
        await _topic.ProduceAsync(1, Numbers(0, 1));
        Assert.Equal("0", (await Reader(second).TakeAsync(1))[0].Text);
        await Assert.ThrowsAsync<KafkaException>(() => consumer.SeekAsync(first, At(0), 2));
        await Assert.ThrowsAsync<KafkaException>(() => consumer.LogSpanAsync(first));
    }

    [Fact]
    public async Task Assigning_a_partition_again_ends_its_former_source_which_can_neither_be_sought_nor_taken_back_any_more()
    {
        await _topic.ProduceAsync(0, Numbers(0, 2));
        var consumer = Start();
        var former = await SeekAsync(consumer, 0, offset: 0);

        var current = await SeekAsync(consumer, 0, offset: 0);
        await EndAsync(former);
        consumer.Unassign(former);
        await Assert.ThrowsAsync<KafkaException>(() => consumer.SeekAsync(former, At(1), 2));

        Assert.Equal(2, (await Reader(current).TakeAsync(2)).Count);
        Assert.Single(_statistics.Partitions);
    }

    [Fact]
    public async Task Stopping_ends_everything_and_nothing_is_committed_afterwards()
    {
        var consumer = Start();
        var assigned = await consumer.AssignAsync(0);

        await consumer.StopAsync().WaitAsync(Limit);

        await EndAsync(assigned);
        Assert.True(consumer.Completion.IsCompletedSuccessfully);
        await Assert.ThrowsAsync<KafkaException>(() => CommitAsync(consumer, assigned));
        await Assert.ThrowsAsync<KafkaException>(() => consumer.AssignAsync(1));
        await Assert.ThrowsAsync<KafkaException>(() => consumer.SeekAsync(assigned, At(0), 1));
        Assert.Empty(_statistics.Partitions);
        Assert.Null(_topic.Committed(0));
    }

    [Fact]
    public async Task The_ends_of_partitions_are_told_for_people()
    {
        await _topic.ProduceAsync(0, Numbers(0, 9));

        await Reader(await SeekAsync(Start(), 0, offset: 0)).TakeAsync(9);

        await Until.TrueAsync(() => _statistics.Partitions is [{ End: 9 }]);
        Assert.Equal(9, _statistics.Lag);
    }

    [Fact]
    public async Task A_broker_that_is_away_is_an_error_of_the_question_and_not_the_end_of_the_consumer()
    {
        string address;
        using (var broker = EmbeddedBroker.Start())
            address = broker.BootstrapServers;
        var consumer = Start(_topic.Settings with { BootstrapServers = address });

        var assigned = await consumer.AssignAsync(0);
        await Assert.ThrowsAsync<KafkaException>(() => consumer.SeekAsync(assigned, At(0), 1));

        Assert.False(consumer.Completion.IsCompleted);
    }

    private static IEnumerable<byte[]> Numbers(int first, int count) => Enumerable.Range(first, count)
        .Select(number => Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)));

    private static void AssertOneByOne(IReadOnlyList<Record> records, int reading)
    {
        Assert.Equal(Enumerable.Range(0, records.Count).Select(offset => (long)offset), records.Select(it => it.Offset));
        Assert.All(records, record => Assert.Equal(reading, record.Reading));
    }

    private static async Task CommitAsync(KafkaConsumer consumer, AssignedPartition assigned) =>
        await consumer.CommitAsync(assigned.Partition, 1);

    private static LogPosition At(long offset) => new(offset, LogPosition.UnknownEpoch);

    /// <summary>Assigns a partition and begins its first reading.</summary>
    private static async Task<AssignedPartition> SeekAsync(KafkaConsumer consumer, int partition, long offset)
    {
        var assigned = await consumer.AssignAsync(partition);
        Assert.True(await consumer.SeekAsync(assigned, At(offset), 1));
        return assigned;
    }

    private KafkaConsumer Start() => Start(_topic.Settings);

    private KafkaConsumer Start(KafkaSettings settings)
    {
        var consumer = KafkaConsumer.Start(settings, EventTopic.Stream, _statistics, NullLogger.Instance);
        _consumers.Add(consumer);
        return consumer;
    }

    private BatchReader Reader(AssignedPartition assigned) => new(assigned, _system);

    private async Task EndAsync(AssignedPartition assigned) =>
        await assigned.Batches.RunWith(Sink.Ignore<RecordBatch>(), _system.Materializer()).WaitAsync(Limit);

    private sealed record Record(int Reading, long Offset, int Epoch, long Time, byte[] Key, byte[] Value)
    {
        public string Text => Encoding.UTF8.GetString(Value);
    }

    /// <summary>Reads a partition's batches, no more of them than it is asked for.</summary>
    private sealed class BatchReader(AssignedPartition assigned, ActorSystem system)
    {
        private readonly ISinkQueue<RecordBatch> _batches =
            assigned.Batches.RunWith(Sink.Queue<RecordBatch>(), system.Materializer());

        public Task<List<Record>> TakeAsync(int count) => TakeAsync(_ => true, count);

        public async Task<List<Record>> TakeAsync(Func<Record, bool> isWanted, int count)
        {
            var taken = new List<Record>();
            while (taken.Count < count)
            {
                var next = await _batches.PullAsync().WaitAsync(Limit);
                Assert.True(next.HasValue, $"The source ended after {taken.Count} of {count} records.");
                using var batch = next.Value;
                taken.AddRange(RecordsOf(batch).Where(isWanted));
            }

            return taken;
        }

        private static IEnumerable<Record> RecordsOf(RecordBatch batch) => Enumerable.Range(0, batch.Count)
            .Select(index => new Record(
                batch.Reading,
                batch.Offset(index),
                batch.Epoch(index),
                batch.UnixMilliseconds(index),
                batch.Key(index).ToArray(),
                batch.Value(index).ToArray()));
    }
}
