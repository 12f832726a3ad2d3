namespace Pulse.Actors.Live;

/// <summary>What this node knows of the stream, kept true by its <see cref="StreamWatch"/>; for pages, API and metrics. Thread-safe.</summary>
public sealed class StreamView
{
    private StreamState _state;

    /// <summary>Nothing is known yet.</summary>
    public StreamView()
    {
        var now = DateTime.UtcNow;
        _state = new StreamState(now, now);
    }

    /// <summary>What is known, not older than about a second.</summary>
    public StreamState State
    {
        get => Volatile.Read(ref _state);
        internal set => Volatile.Write(ref _state, value);
    }
}
