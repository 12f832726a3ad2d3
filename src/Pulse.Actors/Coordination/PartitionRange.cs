namespace Pulse.Actors.Coordination;

/// <summary>Which offsets a partition of the event topic held at one moment.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Low">The first offset that is still there.</param>
/// <param name="High">The end: the offset that the next event will have.</param>
public readonly record struct PartitionRange(int Partition, long Low, long High)
{
    /// <summary>
    /// How many offsets below the end are not known to be in stored checkpoints; zero when the partition is drained.
    /// </summary>
    /// <param name="committed">The group's committed offset; null where it has committed none.</param>
    public long NotCommitted(long? committed) => committed switch
    {
        { } offset => Math.Max(0, High - offset),
        // Nobody commits in a partition that never gave them an event.
        null => High - Low,
    };
}
