using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Pulse.Simulator.Broker;
using Pulse.Simulator.Producing;
using Pulse.Simulator.Tests.Generation;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Simulator.Tests.Producing;

public sealed class SimulatorRunTests(KafkaFixture kafka)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Every_record_arrives_once_and_the_completion_event_follows()
    {
        var options = await OptionsAsync() with { Events = 20_000, Rate = 0, Bad = 0.02, Seed = 5 };
        var result = await new SimulatorRun(options).RunAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.Null(result.Failure);
        Assert.True(result.Completed);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal((20_000, 20_000), (result.Produced, result.Delivered));

        var records = Read(options.Topic, 20_000);
        Assert.Equal(result.Truth.Malformed, records.Count(record => !MalformedRecordTests.IsEvent(record.Value, record.Timestamp.UnixTimestampMs)));
        var generated = EventGeneratorTests.Records(options, 20_000).Order(StringComparer.Ordinal);
        Assert.Equal(generated, records.Select(Text).Order(StringComparer.Ordinal));

        var completion = JsonElement.Parse(Assert.Single(Read(options.CompletionTopic, 1)).Value);
        Assert.Equal("complete", completion.GetProperty("status").GetString());
        Assert.True(completion.GetProperty("timestamp").TryGetDateTimeOffset(out _));
    }

    [Fact]
    public async Task What_Kafka_holds_is_judged_as_the_truth_says()
    {
        var options = await OptionsAsync() with
        {
            Events = 10_000, Rate = 0, Bad = 0.05, Late = 0.2, OutOfOrder = TimeSpan.FromMinutes(7), FastClock = 0.2,
            SpeedUp = 5_000, Complete = false,
        };
        var result = await new SimulatorRun(options).RunAsync(CancellationToken.None).WaitAsync(Limit);

        var judge = IndependentReader.Read(options.BootstrapServers, options.Topic);
        Assert.Equal((10_000, result.Truth.Malformed + result.Truth.Ahead), (judge.Records, judge.DeadLetters.Values.Sum()));
        Assert.InRange(result.Truth.Ahead, 100, 5_000);
        Assert.Equal(
            result.Truth.DeadLetters.ToDictionary(row => (row.Reason, (decimal)row.WindowEnd.ToUnixTimeSeconds()), row => row.Count),
            judge.DeadLettersByWindow);
        var rows = result.Truth.Rows("viewsByDeviceGenre");
        Assert.Equal(
            rows.ToDictionary(row => (row.First, row.Second, (decimal)row.WindowEnd.ToUnixTimeSeconds()), row => row.Count),
            judge.Rows.Where(row => row.Key.Table == "viewsByDeviceGenreAggregation")
                .ToDictionary(row => (row.Key.First, row.Key.Second, row.Key.WindowEnd), row => row.Value));
    }

    [Fact]
    public async Task Records_carry_the_time_that_their_number_gives_them()
    {
        var options = await OptionsAsync() with { Events = 3_000, Rate = 0, SpeedUp = 1_000, Late = 0.5, Complete = false };
        await new SimulatorRun(options).RunAsync(CancellationToken.None).WaitAsync(Limit);

        var timestamps = Read(options.Topic, 3_000).Select(record => record.Timestamp).ToList();
        Assert.All(timestamps, timestamp => Assert.Equal(TimestampType.CreateTime, timestamp.Type));
        Assert.Equal(
            Enumerable.Range(0, 3_000).Select(number => options.Start!.Value.AddMilliseconds(number * 100).ToUnixTimeMilliseconds()),
            timestamps.Select(timestamp => timestamp.UnixTimestampMs).Order());
    }

    [Fact]
    public async Task A_stream_without_a_known_end_catches_up_with_the_clock_and_never_overtakes_it()
    {
        // 864 records of 100 seconds each make up for a day; from there on event time passes at 10,000 records a second.
        var options = await OptionsAsync() with
        {
            Start = null, Duration = TimeSpan.FromSeconds(2), Rate = 0, SpeedUp = 1_000_000, Complete = false,
        };
        var began = DateTimeOffset.UtcNow;
        var result = await new SimulatorRun(options).RunAsync(CancellationToken.None).WaitAsync(Limit);
        var ended = DateTimeOffset.UtcNow;

        Assert.Null(result.Failure);
        Assert.InRange(result.Produced, 1_000, 1_000_000);
        var timestamps = Read(options.Topic, (int)result.Produced)
            .Select(record => DateTimeOffset.FromUnixTimeMilliseconds(record.Timestamp.UnixTimestampMs)).ToList();
        Assert.InRange(timestamps.Min(), began.AddDays(-1).AddMilliseconds(-1), ended.AddDays(-1));
        // A batch goes out at once, and a tenth of a second may pass in it.
        Assert.InRange(timestamps.Max(), began.AddSeconds(-100), ended.AddSeconds(0.2));
    }

    [Fact]
    public async Task The_key_alone_decides_the_partition()
    {
        var options = await OptionsAsync() with { Events = 3_000, Rate = 0, Complete = false };
        await new SimulatorRun(options).RunAsync(CancellationToken.None).WaitAsync(Limit);

        var partitions = Read(options.Topic, 3_000).GroupBy(record => Encoding.UTF8.GetString(record.Key)).ToList();
        Assert.All(partitions, user => Assert.Single(user.Select(record => record.Partition).Distinct()));
        Assert.Equal(4, partitions.Select(user => user.First().Partition).Distinct().Count());
    }

    [Fact]
    public async Task Cancellation_flushes_what_was_produced_and_sends_no_completion()
    {
        var options = await OptionsAsync() with { Events = 1_000_000, Rate = 2_000 };
        using var stop = new CancellationTokenSource();
        var reports = new List<SimulatorProgress>();
        // Once the client is connected: an interrupted run does not wait for long.
        var run = new SimulatorRun(
            options,
            async (produced, _) =>
            {
                if (produced >= 500 && reports is [.., { Delivered: > 0 }])
                    await stop.CancelAsync();
            },
            new Recorder(reports));
        var result = await run.RunAsync(stop.Token).WaitAsync(Limit);

        Assert.True(result.Interrupted);
        Assert.False(result.Completed);
        Assert.InRange(result.Produced, 500, 999_999);
        Assert.Equal(result.Produced, result.Delivered);
        Assert.Equal(result.Produced, result.Truth.Events);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(result.Produced, Read(options.Topic, (int)result.Produced).Count);
        Assert.Equal(0, End(options.CompletionTopic, 1));
    }

    [Fact]
    public async Task The_caller_can_hold_the_run_back()
    {
        var options = await OptionsAsync() with { Events = 3_000, Rate = 0, Complete = false };
        var gate = new TaskCompletionSource();
        var held = new TaskCompletionSource<long>();
        var run = new SimulatorRun(
            options,
            async (produced, cancellation) =>
            {
                if (produced < 1_000)
                    return;
                held.TrySetResult(produced);
                await gate.Task.WaitAsync(cancellation);
            }).RunAsync(CancellationToken.None);

        var before = await held.Task.WaitAsync(Limit);
        Assert.InRange(before, 1_000, 2_000);
        Assert.False(run.IsCompleted);
        gate.SetResult();
        Assert.Equal(3_000, (await run.WaitAsync(Limit)).Delivered);
    }

    [Fact]
    public async Task The_average_rate_is_kept()
    {
        var options = await OptionsAsync() with { Events = 4_000, Rate = 4_000, Complete = false };
        var reports = new List<SimulatorProgress>();
        var result = await new SimulatorRun(options, progress: new Recorder(reports))
            .RunAsync(CancellationToken.None).WaitAsync(Limit);

        // 4,000 at 4,000/s: never faster; how much slower depends on what else this machine does.
        Assert.InRange(result.Elapsed, TimeSpan.FromSeconds(0.99), TimeSpan.FromSeconds(10));
        Assert.InRange(reports.Count, 2, 100);
        Assert.Equal(4_000, reports[^1].Delivered);
    }

    [Fact]
    public async Task A_broker_that_vanishes_is_a_failure_with_exit_code_1()
    {
        using var broker = EmbeddedBroker.Start();
        broker.CreateTopic("netflix-event", 2);
        var options = new SimulatorOptions
        {
            BootstrapServers = broker.BootstrapServers, Events = 100_000, Rate = 2_000,
            DeliveryTimeout = TimeSpan.FromSeconds(2), ConnectTimeout = Limit,
        };
        var run = new SimulatorRun(
            options,
            (produced, _) =>
            {
                if (produced >= 200)
                    broker.Dispose();
                return ValueTask.CompletedTask;
            });
        var result = await run.RunAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("were not delivered to 'netflix-event'", result.Failure, StringComparison.Ordinal);
        Assert.True(result.Delivered < result.Produced);
        Assert.False(result.Completed);
    }

    [Fact]
    public async Task Absent_topics_are_made()
    {
        var options = (await OptionsAsync()) with
        {
            Topic = $"absent-{Guid.NewGuid():N}", CompletionTopic = $"absent-{Guid.NewGuid():N}", Events = 10, Rate = 0,
        };
        var result = await new SimulatorRun(options).RunAsync(CancellationToken.None).WaitAsync(Limit);
        Assert.True(result.Completed);
    }

    [Fact]
    public void Wrong_options_are_refused() =>
        Assert.Throws<ArgumentException>(() => new SimulatorRun(new SimulatorOptions { Rate = -1 }));

    private static string Text(Record record)
    {
        var encoding = MalformedRecordTests.IsEvent(record.Value, record.Timestamp.UnixTimestampMs) ? Encoding.UTF8 : Encoding.Latin1;
        return $"{Encoding.UTF8.GetString(record.Key)}\t{encoding.GetString(record.Value)}";
    }

    private async Task<SimulatorOptions> OptionsAsync()
    {
        var stream = await kafka.CreateStreamAsync(4);
        return new SimulatorOptions
        {
            BootstrapServers = stream.BootstrapServers,
            Topic = stream.Topic,
            CompletionTopic = stream.CompletionTopic,
            ConnectTimeout = Limit,
            Start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
        };
    }

    private List<Record> Read(string topic, int count)
    {
        using var consumer = NewConsumer();
        var partitions = Partitions(consumer, topic);
        consumer.Assign(partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Beginning)));
        using var deadline = new CancellationTokenSource(Limit);
        var records = new List<Record>();
        while (records.Count < count)
        {
            var result = consumer.Consume(deadline.Token);
            records.Add(new Record(
                result.Partition.Value, result.Message.Key ?? [], result.Message.Value ?? [], result.Message.Timestamp));
        }

        // Neither lost nor twice: the ends of the partitions say the same.
        Assert.Equal(count, End(topic, partitions.Length));
        return records;
    }

    private long End(string topic, int partitions)
    {
        using var consumer = NewConsumer();
        return Enumerable.Range(0, partitions)
            .Sum(partition => consumer.QueryWatermarkOffsets(new TopicPartition(topic, partition), Limit).High.Value);
    }

    private IConsumer<byte[], byte[]> NewConsumer() => new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
    {
        BootstrapServers = kafka.BootstrapServers, GroupId = "reader", EnableAutoCommit = false,
    }).Build();

    private static TopicPartition[] Partitions(IConsumer<byte[], byte[]> consumer, string topic)
    {
        using var administration = new DependentAdminClientBuilder(consumer.Handle).Build();
        return
        [
            .. administration.GetMetadata(topic, Limit).Topics.Single().Partitions
                .Select(partition => new TopicPartition(topic, partition.PartitionId)),
        ];
    }

    private sealed record Record(int Partition, byte[] Key, byte[] Value, Timestamp Timestamp);

    private sealed class Recorder(List<SimulatorProgress> reports) : IProgress<SimulatorProgress>
    {
        public void Report(SimulatorProgress value) => reports.Add(value);
    }
}
