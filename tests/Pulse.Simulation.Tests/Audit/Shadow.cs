using Pulse.Simulation.Tests.World;

namespace Pulse.Simulation.Tests.Audit;

/// <summary>
/// What an incarnation of a bucket must hold, worked out from the log alone: it is told which offsets were applied, in
/// which order, and never sees a delta's counts. It remembers windows that left the ledger's memory, too.
/// </summary>
internal sealed class Shadow
{
    private readonly long[] _counts;
    private int _newestWindow = -1;
    private long _sealedBelow = long.MinValue;

    public Shadow(KeySpace space) => _counts = new long[space.KeyCount * WorldSettings.MostWindows];

    private Shadow(Shadow other)
    {
        _counts = (long[])other._counts.Clone();
        _newestWindow = other._newestWindow;
        _sealedBelow = other._sealedBelow;
        Late = other.Late;
        Total = other.Total;
        IsDoomed = other.IsDoomed;
    }

    /// <summary>Events that came after their window was sealed.</summary>
    public long Late { get; private set; }

    /// <summary>Events that were counted.</summary>
    public long Total { get; private set; }

    /// <summary>
    /// Whether the incarnation was told that events are durable that it never had. It is a stale one then: what it
    /// holds is wrong, which is harmless as long as none of it can become durable.
    /// </summary>
    public bool IsDoomed { get; private set; }

    public long SealedBelow => _sealedBelow;

    public long Count(int key, int window) => _counts[key * WorldSettings.MostWindows + window];

    public Shadow Copy() => new(this);

    public void Doom() => IsDoomed = true;

    /// <summary>Applies a bucket's events between two offsets, as one delta.</summary>
    public void Apply(PartitionLog log, int bucket, long from, long to, long latenessSeconds)
    {
        if (_newestWindow >= 0)
        {
            var newestEnd = KeySpace.Window(_newestWindow).EndUnixSeconds;
            _sealedBelow = Math.Max(_sealedBelow, newestEnd - latenessSeconds);
        }

        var newest = _newestWindow;
        foreach (var (_, key, window) in log.EventsOf(bucket, from, to))
        {
            if (KeySpace.Window(window).EndUnixSeconds < _sealedBelow)
            {
                Late++;
                continue;
            }

            _counts[key * WorldSettings.MostWindows + window]++;
            Total++;
            newest = Math.Max(newest, window);
        }

        _newestWindow = newest;
    }

    /// <summary>Seals what the newest window seals by now, as a checkpoint does.</summary>
    public void Seal(long latenessSeconds)
    {
        if (_newestWindow >= 0)
            _sealedBelow = Math.Max(
                _sealedBelow, KeySpace.Window(_newestWindow).EndUnixSeconds - latenessSeconds);
    }
}
