using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Pulse.Actors.Broker;

/// <summary>Keeps what one of the node's Kafka clients said of itself last. Thread-safe.</summary>
public sealed class ClientMonitor
{
    /// <summary>How often a client is to say it.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Freshness = 3 * Interval;

    private readonly Lock _lock = new();
    private string? _untaken;
    private (ClientStatistics Said, long At)? _latest;

    /// <summary>What it said last; null where that is long ago, so that a client that has ended says nothing.</summary>
    public ClientStatistics? Latest
    {
        get
        {
            lock (_lock)
                return _latest is { } latest && Stopwatch.GetElapsedTime(latest.At) <= Freshness ? latest.Said : null;
        }
    }

    /// <summary>Takes a document of statistics. Returns at once: the client says it on the thread that polls.</summary>
    public void Said(string json)
    {
        // One that is still waiting is told by the newer one as well.
        if (Interlocked.Exchange(ref _untaken, json) is null)
            ThreadPool.UnsafeQueueUserWorkItem(static monitor => monitor.Read(), this, preferLocal: false);
    }

    private void Read()
    {
        if (Interlocked.Exchange(ref _untaken, null) is not { } json)
            return;
        try
        {
            var said = ClientStatistics.Parse(Encoding.UTF8.GetBytes(json));
            lock (_lock)
                _latest = (said, Stopwatch.GetTimestamp());
        }
        catch (JsonException)
        {
            // Another version of the client says it otherwise: metrics lack it, and nothing else does.
        }
    }
}
