namespace Pulse.Counting;

/// <summary>How far a bucket has come in one partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Position">The next offset not yet handled: the bucket holds all of its events below it.</param>
public readonly record struct PartitionPosition(StreamPartition Partition, long Position);
