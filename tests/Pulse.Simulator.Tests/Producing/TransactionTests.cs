using Confluent.Kafka;
using Pulse.Simulator.Generation;
using Pulse.Simulator.Producing;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Simulator.Tests.Producing;

/// <summary>What a reader of committed records finds of a producer with transactions.</summary>
public sealed class TransactionTests(KafkaFixture kafka)
{
    private const int Events = 30_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(150);

    [Fact]
    public async Task Where_the_broker_is_killed_twice_the_topic_holds_what_was_produced_and_nothing_twice()
    {
        await using var cluster = await KafkaFixture.StartClusterAsync();
        var options = Options(cluster.BootstrapServers, await KafkaFixture.CreateTopicAsync(cluster.BootstrapServers, "events", 4));
        var kills = new Queue<long>([Events / 6, Events / 2]);
        var restart = Task.CompletedTask;
        var run = new SimulatorRun(
            options,
            async (produced, _) =>
            {
                if (!kills.TryPeek(out var next) || produced < next)
                    return;
                kills.Dequeue();
                // In mid-run: a transaction is open, and the client goes on while the broker is away.
                await cluster.Brokers[0].KillAsync();
                restart = cluster.StartAsync(cluster.Brokers[0]);
            });

        var result = await run.RunAsync(CancellationToken.None).WaitAsync(Limit);

        await restart;
        Assert.Null(result.Failure);
        Assert.Empty(kills);
        Assert.Equal((Events, Events), (result.Produced, result.Delivered));
        var records = ReadCommitted(options);
        Assert.Equal(Generated(options), records.Select(record => Text(record.Key, record.Value)).Order(StringComparer.Ordinal));
        var judge = IndependentReader.Read(options.BootstrapServers, options.Topic);
        Assert.Equal(Events, judge.Records);
        Assert.Equal(
            result.Truth.Rows("viewsByDeviceGenre").ToDictionary(
                row => (row.First, row.Second, (decimal)row.WindowEnd.ToUnixTimeSeconds()), row => row.Count),
            judge.Rows.Where(row => row.Key.Table == "viewsByDeviceGenreAggregation")
                .ToDictionary(row => (row.Key.First, row.Key.Second, row.Key.WindowEnd), row => row.Value));
    }

    [Fact]
    public async Task A_second_one_on_the_same_topic_ends_the_first_which_says_so_and_loses_its_truth()
    {
        await kafka.StartAsync();
        var options = Options(kafka.BootstrapServers, await kafka.CreateTopicAsync("events", 4)) with { Events = 1_000_000 };
        TransactionalProducer? second = null;
        var run = new SimulatorRun(
            options,
            (produced, _) =>
            {
                if (produced >= 2_000)
                    second ??= new TransactionalProducer(options);
                return ValueTask.CompletedTask;
            });

        var result = await run.RunAsync(CancellationToken.None).WaitAsync(Limit);

        second?.Dispose();
        Assert.NotNull(second);
        Assert.Equal(1, result.ExitCode);
        Assert.NotNull(result.Failure);
        Assert.False(result.Completed);
        Assert.True(result.Delivered < result.Produced, $"{result.Delivered} of {result.Produced}");
    }

    private static SimulatorOptions Options(string bootstrapServers, string topic) => new()
    {
        BootstrapServers = bootstrapServers, Topic = topic, Events = Events, Rate = 3_000, Bad = 0.02, Seed = 5, Transactional = true,
        Complete = false, Start = DateTimeOffset.UtcNow.AddMinutes(-1), ConnectTimeout = Limit,
    };

    private static List<Message<byte[], byte[]>> ReadCommitted(SimulatorOptions options)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
            {
                BootstrapServers = options.BootstrapServers,
                GroupId = $"reader-{Guid.NewGuid():N}",
                EnableAutoCommit = false,
                EnablePartitionEof = true,
                IsolationLevel = IsolationLevel.ReadCommitted,
            })
            .SetLogHandler((_, _) => { })
            .Build();
        consumer.Assign(Enumerable.Range(0, 4).Select(partition => new TopicPartitionOffset(options.Topic, partition, Offset.Beginning)));
        var records = new List<Message<byte[], byte[]>>();
        for (var open = 4; open > 0;)
        {
            var record = consumer.Consume(TimeSpan.FromSeconds(30)) ?? throw new TimeoutException("The topic has no end.");
            if (record.IsPartitionEOF)
                open--;
            else
                records.Add(record.Message);
        }

        return records;
    }

    private static IEnumerable<string> Generated(SimulatorOptions options)
    {
        var generator = new EventGenerator(options, DateTimeOffset.UtcNow);
        var records = new List<string>();
        for (var number = 0; number < Events; number++)
        {
            generator.Next();
            records.Add(Text(generator.Key, generator.Value));
        }

        return records.Order(StringComparer.Ordinal);
    }

    private static string Text(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => $"{Convert.ToHexString(key)} {Convert.ToHexString(value)}";
}
