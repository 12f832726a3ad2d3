using Pulse.Simulation.Tests.World;

namespace Pulse.Simulation.Tests.Audit;

/// <summary>
/// What an incarnation of a bucket must hold, worked out from the log alone: it is told which offsets were applied, in
/// which order, and never sees a delta's counts.
/// </summary>
internal sealed class Shadow
{
    private readonly long[] _counts;

    public Shadow(KeySpace space) => _counts = new long[space.KeyCount * WorldSettings.MostWindows];

    private Shadow(Shadow other)
    {
        _counts = (long[])other._counts.Clone();
        Late = other.Late;
        Total = other.Total;
        IsDoomed = other.IsDoomed;
    }

    /// <summary>Events that were late.</summary>
    public long Late { get; private set; }

    /// <summary>Events that were counted.</summary>
    public long Total { get; private set; }

    /// <summary>
    /// Whether the incarnation was told that events are durable that it never had. It is a stale one then: what it
    /// holds is wrong, which is harmless as long as none of it can become durable.
    /// </summary>
    public bool IsDoomed { get; private set; }

    public long Count(int key, int window) => _counts[key * WorldSettings.MostWindows + window];

    public Shadow Copy() => new(this);

    public void Doom() => IsDoomed = true;

    /// <summary>Applies a bucket's events between two offsets, as one delta.</summary>
    public void Apply(PartitionLog log, int bucket, long from, long to)
    {
        foreach (var (_, key, window) in log.EventsOf(bucket, from, to))
        {
            if (window == KeySpace.Late)
            {
                Late++;
                continue;
            }

            _counts[key * WorldSettings.MostWindows + window]++;
            Total++;
        }
    }
}
