namespace Pulse.Counting;

/// <summary>
/// Says when the next checkpoints of a node are due: as soon as they are cheap against what a replay would cost. A pure
/// function; times are milliseconds.
/// </summary>
public static class CheckpointPace
{
    /// <summary>The time between two checkpoints while few cells change, in milliseconds.</summary>
    public const long ShortestMilliseconds = 2_000;

    /// <summary>So many changed cells are few; with more of them, time between checkpoints grows in proportion.</summary>
    public const int FewCells = 2_000;

    /// <summary>Checkpoints take at most one part in so many of the time.</summary>
    public const int ShareOfTime = 20;

    /// <summary>Whether checkpoints are to be made now.</summary>
    /// <param name="sinceLast">The time since the last ones began.</param>
    /// <param name="lastTook">How long these took, all buckets of the node together.</param>
    /// <param name="changedCells">The changed cells of the bucket that has most.</param>
    /// <param name="longest">The longest time between two, by configuration.</param>
    public static bool IsDue(long sinceLast, long lastTook, int changedCells, long longest)
    {
        if (changedCells >= CheckpointLimits.Default.EarlyCheckpointCells || sinceLast >= longest)
            return true;
        var byCells = ShortestMilliseconds * Math.Max(changedCells, FewCells) / FewCells;
        return sinceLast >= Math.Max(byCells, ShareOfTime * lastTook);
    }
}
