using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>A message for one bucket; sharding routes it by the bucket's entity id.</summary>
public interface IBucketMessage
{
    /// <summary>The bucket it is for.</summary>
    BucketId Bucket { get; }
}

/// <summary>What the ingestor of one partition says to a bucket.</summary>
public interface IPartitionRequest : IBucketMessage
{
    /// <summary>The partition.</summary>
    StreamPartition Partition { get; }
}

/// <summary>What a bucket answers to the ingestor of one partition.</summary>
public interface IPartitionAnswer
{
    /// <summary>The partition.</summary>
    StreamPartition Partition { get; }

    /// <summary>The session of what it answers.</summary>
    long Session { get; }
}

/// <summary>What all ingestors of a node say to one bucket, in the order in which each of them said it.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Requests">Not empty; all for this bucket.</param>
public sealed record BucketBatch(BucketId Bucket, IReadOnlyList<IPartitionRequest> Requests) : IBucketMessage;

/// <summary>What a bucket has to answer at once to a <see cref="BucketBatch"/>.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Answers">In the order of the requests; those that must wait for storage come later on their own.</param>
public sealed record BucketAnswers(BucketId Bucket, IReadOnlyList<IPartitionAnswer> Answers);

/// <summary>Opens a partition at a bucket, before the session's first delta to it.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Committed">The committed offset at which the session started.</param>
/// <param name="Session">The sender's session; echoed in the answer.</param>
public sealed record OpenPartition(BucketId Bucket, StreamPartition Partition, long Committed, long Session)
    : IPartitionRequest;

/// <summary>Answers <see cref="OpenPartition"/>.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Position">The bucket's position in it: the sender skips events below it.</param>
/// <param name="Session">The session of the question.</param>
public sealed record PartitionOpened(BucketId Bucket, StreamPartition Partition, long Position, long Session)
    : IPartitionAnswer;

/// <summary>Brings a delta to a bucket.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Delta">The delta.</param>
/// <param name="Session">The sender's session; echoed in the answer.</param>
public sealed record ApplyDelta(BucketId Bucket, Delta Delta, long Session) : IPartitionRequest
{
    /// <inheritdoc />
    public StreamPartition Partition => Delta.Partition;
}

/// <summary>Answers <see cref="ApplyDelta"/>: applied now, or held already.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Position">The bucket's position in it.</param>
/// <param name="Session">The session of the delta.</param>
public sealed record DeltaAccepted(BucketId Bucket, StreamPartition Partition, long Position, long Session)
    : IPartitionAnswer;

/// <summary>
/// Answers <see cref="ApplyDelta"/> or <see cref="PersistPartition"/> that do not fit the bucket's position: the
/// sender must start a new session.
/// </summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Position">The bucket's position in it, -1 if it was never opened there.</param>
/// <param name="Session">The session of what was rejected.</param>
public sealed record PartitionRejected(BucketId Bucket, StreamPartition Partition, long Position, long Session)
    : IPartitionAnswer;

/// <summary>Asks a bucket to have a stored, published checkpoint that holds a position.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Partition">The partition.</param>
/// <param name="UpTo">The position that must be durable.</param>
/// <param name="Session">The sender's session; echoed in the answer.</param>
public sealed record PersistPartition(BucketId Bucket, StreamPartition Partition, long UpTo, long Session)
    : IPartitionRequest;

/// <summary>Answers <see cref="PersistPartition"/>.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Position">The position that the stored checkpoint holds.</param>
/// <param name="Session">The session of the question.</param>
public sealed record PartitionPersisted(BucketId Bucket, StreamPartition Partition, long Position, long Session)
    : IPartitionAnswer;

/// <summary>The hand-off's stop message: checkpoint what is not stored yet, then stop.</summary>
public sealed record StopBucket
{
    /// <summary>The only one that is needed.</summary>
    public static StopBucket Instance { get; } = new();
}
