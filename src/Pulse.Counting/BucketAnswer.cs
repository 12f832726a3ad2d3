namespace Pulse.Counting;

/// <summary>What a bucket says to a session that asked for its position, or sent it a delta.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Session">The session of what it answers.</param>
/// <param name="Kind">What the bucket did.</param>
/// <param name="Position">The bucket's position in the partition, in memory.</param>
/// <param name="Stored">The position that its row in the database has; at or before <paramref name="Position"/>.</param>
public readonly record struct BucketAnswer(
    BucketId Bucket, StreamPartition Partition, SessionId Session, AnswerKind Kind, LogPosition Position, LogPosition Stored);
