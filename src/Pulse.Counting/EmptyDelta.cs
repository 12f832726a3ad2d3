namespace Pulse.Counting;

/// <summary>
/// Says that a partition holds nothing for a bucket between two positions; both are the same where the session only
/// wants to know whether the bucket is there. Those of all partitions of a node go to a bucket in one message.
/// </summary>
/// <param name="Partition">The partition.</param>
/// <param name="Session">The sender's session; the answer repeats it.</param>
/// <param name="From">The position that the bucket must have.</param>
/// <param name="To">The position that the bucket has afterwards.</param>
public readonly record struct EmptyDelta(StreamPartition Partition, SessionId Session, LogPosition From, LogPosition To);
