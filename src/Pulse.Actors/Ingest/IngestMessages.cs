using Akka.Actor;
using Pulse.Actors.Buckets;

namespace Pulse.Actors.Ingest;

/// <summary>Asks all ingestors of a node to make everything handled so far durable and commit it.</summary>
/// <param name="Again">
/// Whether to commit also where nothing is new: a zombie may have taken the committed offset back meanwhile.
/// </param>
public sealed record CommitNow(bool Again = false);

/// <summary>
/// Sent by every node every second for every partition: starts the partition's ingestor, wherever the shard is, if
/// nothing has yet.
/// </summary>
/// <param name="Partition">The partition's number.</param>
public sealed record KeepReading(int Partition);

/// <summary>The hand-off's stop message: commit what was handled, then stop.</summary>
public sealed record StopReading
{
    /// <summary>The only one that is needed.</summary>
    public static StopReading Instance { get; } = new();
}

/// <summary>Published on the node's event stream: the stream can't be read as it is, and a person must act.</summary>
/// <param name="Message">What is wrong, where, and what to do.</param>
public sealed record IngestRefused(string Message);

/// <summary>From a new ingestor to its node's <see cref="StreamIngest"/>: give me my partition.</summary>
internal sealed record AcquirePartition(int Partition) : INoSerializationVerificationNeeded;

/// <summary>Answers <see cref="AcquirePartition"/>.</summary>
internal sealed record PartitionAcquired(
    AssignedPartition Assigned, KafkaConsumer Consumer, DeadLetterProducer DeadLetters) : INoSerializationVerificationNeeded;

/// <summary>Answers <see cref="AcquirePartition"/> while the broker is away: stop, and be started again.</summary>
internal sealed record PartitionUnavailable : INoSerializationVerificationNeeded;

/// <summary>What an ingestor has to say to buckets, to its node's <see cref="BucketOutbox"/>.</summary>
/// <param name="Requests">Not empty; in order.</param>
internal sealed record PartitionRequests(IReadOnlyList<IPartitionRequest> Requests) : INoSerializationVerificationNeeded;

/// <summary>What buckets answer to an ingestor, from its node's <see cref="BucketOutbox"/>.</summary>
/// <param name="Answers">Not empty; those of each bucket in order.</param>
internal sealed record PartitionAnswers(IReadOnlyList<IPartitionAnswer> Answers) : INoSerializationVerificationNeeded;
