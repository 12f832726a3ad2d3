using System.Collections.Immutable;
using System.Globalization;
using Confluent.Kafka;

namespace Pulse.Actors.Broker;

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

    /// <summary>The properties that every client of these brokers needs.</summary>
    public Dictionary<string, string> ClientProperties() => WithDefaults([]);

    /// <summary>The configuration of the events' consumer.</summary>
    public ConsumerConfig ConsumerConfig() => new(Reading([
        new("fetch.queue.backoff.ms", "5"),
        new("queued.max.messages.kbytes", "65536"),
        // A broker that has less waits for more, for a flush interval at most: slow streams cost fewer fetches.
        new("fetch.min.bytes", "65536"),
        new("fetch.wait.max.ms", "50"),
        // A broker that is stopped, and not gone, is left for another leader after this, not after a minute.
        new("socket.timeout.ms", "15000"),
        // A partition that was added is unknown to the client until it asks again.
        new("topic.metadata.refresh.interval.ms", "5000"),
        Statistics,
    ]))
    {
        ConsumeResultFields = "timestamp",
    };

    /// <summary>The configuration of a consumer that looks at a few records of the events' topic, beside the one that reads them all.</summary>
    public ConsumerConfig SideConsumerConfig() => Reading([]);

    /// <summary>The configuration of the dead letters' producer.</summary>
    public ProducerConfig ProducerConfig() => new(WithDefaults([
        new("linger.ms", "5"),
        new("compression.type", "lz4"),
        Statistics,
    ]))
    {
        Acks = Acks.All,
        EnableIdempotence = true,
    };

    /// <summary>Without client properties, which can hold secrets.</summary>
    public override string ToString() => $"{Topic} at {BootstrapServers}";

    // Whoever reads is told where by offset, joins no group, and hears it where an offset is not there.
    private ConsumerConfig Reading(IEnumerable<KeyValuePair<string, string>> defaults) => new(WithDefaults(defaults))
    {
        GroupId = GroupId,
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        EnablePartitionEof = true,
        AutoOffsetReset = AutoOffsetReset.Error,
        // Records of an aborted transaction are no events; an open one is waited for.
        IsolationLevel = IsolationLevel.ReadCommitted,
    };

    private static KeyValuePair<string, string> Statistics { get; } = new(
        "statistics.interval.ms", ClientMonitor.Interval.TotalMilliseconds.ToString(CultureInfo.InvariantCulture));

    // What a user gives comes later, so that it also counts where the client has two names for one property.
    private Dictionary<string, string> WithDefaults(IEnumerable<KeyValuePair<string, string>> defaults)
    {
        var properties = new Dictionary<string, string>(defaults) { ["client.id"] = "pulse" };
        foreach (var (name, value) in Client)
            properties[name] = value;
        properties["bootstrap.servers"] = BootstrapServers;
        return properties;
    }
}
