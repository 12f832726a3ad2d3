using System.Globalization;
using Confluent.Kafka;
using Pulse.Actors.Ingest;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>Topics and a consumer group of one test's own, on a broker that outlives the processes under test.</summary>
internal sealed class TestStream
{
    /// <summary>Enough that the embedded broker keeps all records of every test.</summary>
    public const int Partitions = 16;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly KafkaFixture _kafka;
    private readonly string _group = $"pulse-{Guid.NewGuid():N}";

    private TestStream(KafkaFixture kafka, string topic, string completionTopic, string deadLetterTopic)
    {
        _kafka = kafka;
        Topic = topic;
        CompletionTopic = completionTopic;
        DeadLetterTopic = deadLetterTopic;
    }

    public string Topic { get; }

    public string CompletionTopic { get; }

    public string DeadLetterTopic { get; }

    /// <summary>Makes the topics.</summary>
    public static async Task<TestStream> CreateAsync(KafkaFixture kafka) => new(
        kafka,
        await kafka.CreateTopicAsync("event", Partitions),
        await kafka.CreateTopicAsync("completion", 1),
        await kafka.CreateTopicAsync("dead", 1));

    /// <summary>The configuration of a node that reads this stream and stores in Postgres.</summary>
    public Dictionary<string, string> Environment(string postgres, TimeSpan checkpointInterval)
    {
        var environment = _kafka.Environment(new KafkaSettings(_kafka.BootstrapServers)
        {
            Topic = Topic,
            CompletionTopic = CompletionTopic,
            DeadLetterTopic = DeadLetterTopic,
            GroupId = _group,
        });
        environment["Pulse__Storage__ConnectionString"] = postgres;
        environment["Pulse__CheckpointInterval"] = checkpointInterval.ToString("c", CultureInfo.InvariantCulture);
        return environment;
    }

    /// <summary>Starts the producer on this stream.</summary>
    public PulseProcess Produce(TestDirectory directory, string truth, params string[] arguments) =>
        PulseProcess.Simulator(directory,
        [
            "--bootstrap-servers", _kafka.BootstrapServers, "--topic", Topic, "--completion-topic", CompletionTopic,
            "--truth", truth, .. arguments,
        ]);

    /// <summary>The sum of the offsets that the group has committed: how many records are done with.</summary>
    public long Committed()
    {
        using var consumer = Consumer(_group);
        var partitions = Enumerable.Range(0, Partitions).Select(number => new TopicPartition(Topic, number));
        return consumer.Committed(partitions, Limit).Sum(each => each.Offset.IsSpecial ? 0 : each.Offset.Value);
    }

    /// <summary>All records of a topic.</summary>
    public List<ConsumeResult<byte[], byte[]>> ReadAll(string topic, int partitions)
    {
        using var consumer = Consumer($"reader-{Guid.NewGuid():N}");
        var assigned = Enumerable.Range(0, partitions).Select(number => new TopicPartition(topic, number)).ToList();
        consumer.Assign(assigned.Select(partition => new TopicPartitionOffset(partition, Offset.Beginning)));
        var missing = assigned.Sum(partition => consumer.QueryWatermarkOffsets(partition, Limit).High.Value);
        var records = new List<ConsumeResult<byte[], byte[]>>();
        while (records.Count < missing)
            records.Add(consumer.Consume(Limit) ?? throw new TimeoutException($"'{topic}' does not hold {missing} records."));
        return records;
    }

    /// <summary>All records of the event topic.</summary>
    public List<ConsumeResult<byte[], byte[]>> ReadEvents() => ReadAll(Topic, Partitions);

    private IConsumer<byte[], byte[]> Consumer(string group) => new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
    {
        BootstrapServers = _kafka.BootstrapServers,
        GroupId = group,
        EnableAutoCommit = false,
    }).SetLogHandler((_, _) => { }).Build();
}
