namespace Pulse.Actors.Coordination;

/// <summary>Which offsets a partition of the event topic held at one moment.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Low">The first offset that is still there.</param>
/// <param name="High">The end: the offset that the next event will have.</param>
public readonly record struct PartitionRange(int Partition, long Low, long High)
{
    /// <summary>
    /// How many events below the end are not known to be stored; zero when, and only when, the partition is drained.
    /// </summary>
    /// <param name="position">
    /// The least position of all buckets. Every one comes to the end, in a partition that lost all its events too: what
    /// retention has removed is stored as a gap.
    /// </param>
    public long NotStored(long position) => position >= High ? 0 : Math.Max(1, High - Math.Max(Low, position));
}
