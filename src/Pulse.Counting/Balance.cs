namespace Pulse.Counting;

/// <summary>
/// What became of records, in one bucket or summed over all buckets of a rollup's version. Where all of these stand at
/// equal positions, <c>Counted + Late + Dead + Filtered = Consumed</c>.
/// </summary>
/// <param name="Counted">Records added to a window of this bucket.</param>
/// <param name="Late">Records that came too long after the end of their window.</param>
/// <param name="Dead">Records that can't be read.</param>
/// <param name="Filtered">Records that this rollup does not count, though they are well.</param>
/// <param name="Consumed">All records of the partitions that are booked in this bucket.</param>
public readonly record struct Balance(long Counted, long Late, long Dead, long Filtered, long Consumed)
{
    /// <summary>The records of which is known what became of them.</summary>
    public long Accounted => Counted + Late + Dead + Filtered;

    /// <summary>Whether that is known of every record.</summary>
    public bool IsEven => Accounted == Consumed;

    /// <summary>Adds term by term.</summary>
    public static Balance operator +(Balance left, Balance right) => new(
        left.Counted + right.Counted,
        left.Late + right.Late,
        left.Dead + right.Dead,
        left.Filtered + right.Filtered,
        left.Consumed + right.Consumed);
}
