using System.Collections.Immutable;
using Confluent.Kafka;
using Pulse.Actors.Broker;

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

    /// <summary>The consumer group that is told how far all is stored, the same on all nodes.</summary>
    public string GroupId { get; init; } = "pulse";

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
        ["client.id"] = "pulse",
    };

    /// <summary>The configuration of the events' consumer.</summary>
    public ConsumerConfig ConsumerConfig() => new(ClientProperties())
    {
        GroupId = GroupId,
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        EnablePartitionEof = true,
        AutoOffsetReset = AutoOffsetReset.Error,
        FetchQueueBackoffMs = 5,
        QueuedMaxMessagesKbytes = 65_536,
        // A broker that has less waits for more, for a flush interval at most: slow streams cost fewer fetches.
        FetchMinBytes = 65_536,
        FetchWaitMaxMs = 50,
        // A partition that was added is unknown to the client until it asks again.
        TopicMetadataRefreshIntervalMs = 5_000,
        ConsumeResultFields = "timestamp",
        StatisticsIntervalMs = (int)ClientMonitor.Interval.TotalMilliseconds,
    };

    /// <summary>Without client properties, which can hold secrets.</summary>
    public override string ToString() => $"{Topic} at {BootstrapServers}";
}
