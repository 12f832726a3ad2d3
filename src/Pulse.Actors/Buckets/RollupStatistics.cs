namespace Pulse.Actors.Buckets;

/// <summary>What the buckets of one rollup on this node counted since the node started; replayed events again.</summary>
/// <param name="rollup">The rollup's name.</param>
public sealed class RollupStatistics(string rollup)
{
    private long _counted;
    private long _late;

    /// <summary>The rollup's name.</summary>
    public string Rollup => rollup;

    /// <summary>Events added to a window.</summary>
    public long Counted => Interlocked.Read(ref _counted);

    /// <summary>Events that came too long after the end of their window.</summary>
    public long Late => Interlocked.Read(ref _late);

    internal void Applied(long counted, long late)
    {
        Interlocked.Add(ref _counted, counted);
        if (late > 0)
            Interlocked.Add(ref _late, late);
    }
}
