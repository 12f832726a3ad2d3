using System.Diagnostics;

namespace Pulse.Benchmarks.Freshness;

/// <summary>When one onlooker saw the probes. Thread-safe.</summary>
/// <param name="probes">The probes.</param>
internal sealed class Sighting(ProbeProducer probes)
{
    private readonly Lock _gate = new();
    private readonly List<double> _milliseconds = [];
    private int _seen;

    /// <summary>How many were seen.</summary>
    public int Seen => Volatile.Read(ref _seen);

    /// <summary>How long each took from production to sight, in milliseconds.</summary>
    public IReadOnlyList<double> Milliseconds
    {
        get
        {
            lock (_gate)
                return [.. _milliseconds];
        }
    }

    /// <summary>Notes that so many are shown now.</summary>
    public void Shown(int count)
    {
        var now = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            for (; _seen < count; _seen++)
                _milliseconds.Add(Stopwatch.GetElapsedTime(probes.ProducedAt(_seen + 1), now).TotalMilliseconds);
        }
    }

    /// <summary>Forgets the delays so far; what is seen stays seen.</summary>
    public void Begin()
    {
        lock (_gate)
            _milliseconds.Clear();
    }
}
