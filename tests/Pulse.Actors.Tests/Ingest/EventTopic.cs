using Confluent.Kafka;
using Pulse.Actors.Broker;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Ingest;

/// <summary>A topic and a group of its own at the tests' broker, seen past Pulse's own code.</summary>
internal sealed class EventTopic
{
    public const string Stream = "stream";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private EventTopic(KafkaSettings settings) => Settings = settings;

    public KafkaSettings Settings { get; }

    public static async Task<EventTopic> CreateAsync(KafkaFixture kafka, int partitions) =>
        new(await kafka.CreateStreamAsync(partitions) with { StreamIdentity = Stream });

    /// <summary>The same at a broker of a test's own.</summary>
    public static EventTopic At(KafkaSettings settings) => new(settings with { StreamIdentity = Stream });

    /// <summary>Produces values in order to one partition.</summary>
    public async Task ProduceAsync(int partition, params IEnumerable<byte[]> values)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig
            {
                BootstrapServers = Settings.BootstrapServers,
                EnableIdempotence = true,
                LingerMs = 1,
            })
            .SetLogHandler((_, _) => { })
            .Build();
        var deliveries = values.Select(value => producer.ProduceAsync(
            new TopicPartition(Settings.Topic, partition), new Message<byte[], byte[]> { Key = [7], Value = value }));
        await Task.WhenAll(deliveries.ToList()).WaitAsync(Limit);
    }

    /// <summary>Removes what lies below an offset, as retention does.</summary>
    public async Task RemoveBelowAsync(int partition, long offset)
    {
        using var administration = KafkaFixture.Administration(Settings.BootstrapServers);
        await administration.DeleteRecordsAsync([new TopicPartitionOffset(Settings.Topic, partition, offset)]);
    }

    /// <summary>The committed offset, or null.</summary>
    public long? Committed(int partition)
    {
        using var consumer = Consumer(Settings.GroupId);
        var offset = consumer.Committed([new TopicPartition(Settings.Topic, partition)], Limit)[0].Offset;
        return offset.IsSpecial ? null : offset.Value;
    }

    /// <summary>All records of the dead-letter topic.</summary>
    public IReadOnlyList<Message<byte[], byte[]>> DeadLetters()
    {
        using var consumer = Consumer($"reader-{Guid.NewGuid():N}");
        var partition = new TopicPartition(Settings.DeadLetterTopic, 0);
        var end = consumer.QueryWatermarkOffsets(partition, Limit).High;
        consumer.Assign(new TopicPartitionOffset(partition, Offset.Beginning));
        var found = new List<Message<byte[], byte[]>>();
        while (found.Count < end.Value && consumer.Consume(Limit) is { } result)
            found.Add(result.Message);
        return found;
    }

    private IConsumer<byte[], byte[]> Consumer(string group) => new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = Settings.BootstrapServers,
            GroupId = group,
            EnableAutoCommit = false,
        })
        .SetLogHandler((_, _) => { })
        .Build();
}
