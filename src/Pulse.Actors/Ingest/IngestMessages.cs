using Akka.Actor;
using Pulse.Actors.Broker;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Asks all ingestors of a node to send at once what they have counted, and to tell every bucket where they stand: what is
/// quiet moves as well, and can be stored.
/// </summary>
public sealed record FlushNow
{
    /// <summary>The only one that is needed.</summary>
    public static FlushNow Instance { get; } = new();
}

/// <summary>
/// Sent by every node every second for every partition: starts the partition's ingestor, wherever the shard is, if
/// nothing has yet.
/// </summary>
/// <param name="Partition">The partition's number.</param>
public sealed record KeepReading(int Partition);

/// <summary>The hand-off's stop message: bring buckets what was read, then stop.</summary>
public sealed record StopReading
{
    /// <summary>The only one that is needed.</summary>
    public static StopReading Instance { get; } = new();
}

/// <summary>Published on the node's event stream: the stream can't be read as it is, and a person must act.</summary>
/// <param name="Message">What is wrong, where, and what to do.</param>
/// <param name="IsConfigured">Whether it is a setting of this node that is wrong.</param>
public sealed record IngestRefused(string Message, bool IsConfigured = false);

/// <summary>From a new ingestor to its node's <see cref="StreamIngest"/>: give me my partition.</summary>
internal sealed record AcquirePartition(int Partition) : INoSerializationVerificationNeeded;

/// <summary>Answers <see cref="AcquirePartition"/>.</summary>
internal sealed record PartitionAcquired(AssignedPartition Assigned, TopicReader Reader, LogSpans Spans)
    : INoSerializationVerificationNeeded;

/// <summary>Answers <see cref="AcquirePartition"/> while the broker is away: stop, and be started again.</summary>
internal sealed record PartitionUnavailable : INoSerializationVerificationNeeded;

/// <summary>From an ingestor to its node's <see cref="StreamIngest"/>: its partition is read no more.</summary>
internal sealed record PartitionGivenBack : INoSerializationVerificationNeeded
{
    public static PartitionGivenBack Instance { get; } = new();
}

/// <summary>From an ingestor to its node's <see cref="StreamIngest"/>: the topic seems to have been made again, so ask now.</summary>
internal sealed record AskIdentity : INoSerializationVerificationNeeded
{
    public static AskIdentity Instance { get; } = new();
}

/// <summary>To a node's <see cref="StreamIngest"/>, on the event stream too: its Kafka client may not get what there is, so have a new one read.</summary>
/// <param name="Partition">Of which that was seen.</param>
internal sealed record ReadAnew(int Partition) : INoSerializationVerificationNeeded;

/// <summary>What a session has to say to buckets, to its node's <see cref="BucketOutbox"/>.</summary>
/// <param name="Partition">Its partition.</param>
/// <param name="Requests">Not empty; questions, deltas and empty deltas in the order in which they came.</param>
internal sealed record SessionRequests(StreamPartition Partition, IReadOnlyList<SessionEffect> Requests)
    : INoSerializationVerificationNeeded;

/// <summary>What buckets answer to a session, from its node's <see cref="BucketOutbox"/>.</summary>
/// <param name="Answers">Not empty; those of each bucket in order.</param>
internal sealed record SessionAnswers(IReadOnlyList<BucketAnswer> Answers) : INoSerializationVerificationNeeded;

/// <summary>Answers a <see cref="SessionEffect.AskLogSpan"/>.</summary>
/// <param name="Question">Of the effect.</param>
/// <param name="Span">What the log holds; null where the brokers do not say it.</param>
internal sealed record LogSpanAnswer(int Question, LogSpan? Span) : INoSerializationVerificationNeeded;
