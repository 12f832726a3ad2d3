using System.Collections.Immutable;
using Confluent.Kafka;

namespace Pulse.Actors.Ingest;

/// <summary>How to reach Kafka, and the names of what is there.</summary>
/// <param name="BootstrapServers">The brokers, <c>host:port</c> separated by commas.</param>
public sealed record KafkaSettings(string BootstrapServers)
{
    /// <summary>The topic of viewing events.</summary>
    public string Topic { get; init; } = "netflix-event";

    /// <summary>The topic on which the producer says that the stream is complete.</summary>
    public string CompletionTopic { get; init; } = "completion-event";

    /// <summary>The topic for records that are no viewing events.</summary>
    public string DeadLetterTopic { get; init; } = "netflix-event-dlq";

    /// <summary>The consumer group over all nodes.</summary>
    public string GroupId { get; init; } = "pulse";

    /// <summary>
    /// The member's lasting name in the group, so that a quick restart causes no rebalance; null for a member that is
    /// new each time.
    /// </summary>
    public string? InstanceId { get; init; }

    /// <summary>
    /// The stream's identity, where it must not be asked from the broker: the embedded broker has a new one each start.
    /// </summary>
    public string? StreamIdentity { get; init; }

    /// <summary>Further librdkafka properties by name, such as <c>security.protocol</c>; may hold secrets.</summary>
    public ImmutableDictionary<string, string> Client { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The properties every client of these brokers needs.</summary>
    public Dictionary<string, string> ClientProperties() => new(Client)
    {
        ["bootstrap.servers"] = BootstrapServers,
        ["client.id"] = InstanceId ?? "pulse",
    };

    /// <summary>The configuration of the events' consumer.</summary>
    public ConsumerConfig ConsumerConfig() => new(ClientProperties())
    {
        GroupId = GroupId,
        GroupInstanceId = InstanceId,
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        EnablePartitionEof = true,
        AutoOffsetReset = AutoOffsetReset.Error,
        PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
        SessionTimeoutMs = 10_000,
        HeartbeatIntervalMs = 1_000,
        FetchQueueBackoffMs = 5,
        QueuedMaxMessagesKbytes = 65_536,
        FetchWaitMaxMs = 50,
        ConsumeResultFields = "timestamp",
    };

    /// <summary>The configuration of the dead letters' producer.</summary>
    public ProducerConfig ProducerConfig() => new(ClientProperties())
    {
        Acks = Acks.All,
        EnableIdempotence = true,
        LingerMs = 5,
        CompressionType = CompressionType.Lz4,
    };

    /// <summary>Without client properties, which can hold secrets.</summary>
    public override string ToString() => $"{Topic} at {BootstrapServers}";
}
