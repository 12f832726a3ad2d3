namespace Pulse.Actors.Storage;

/// <summary>
/// Whether storage answers, as the node's writer and monitor last saw it; read by whoever wants to wait, warn or report.
/// Thread-safe. It is available while neither of the two has a problem, so a database that answers pings and refuses
/// writes is not taken for a healthy one, and an outage that both see is one outage.
/// </summary>
public sealed class StorageAvailability
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Dictionary<StorageActivity, string> _problems = [];
    private volatile Snapshot _now;

    /// <summary>Available until somebody says otherwise.</summary>
    /// <param name="time">The clock; the system's if null.</param>
    public StorageAvailability(TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _now = new Snapshot(_time.GetUtcNow(), null);
    }

    /// <summary>Whether storage did the last thing that was asked of it.</summary>
    public bool IsAvailable => _now.Problem is null;

    /// <summary>Since when that is so.</summary>
    public DateTimeOffset Since => _now.Since;

    /// <summary>What is wrong, in one line without secrets; null while it is available.</summary>
    public string? Problem => _now.Problem;

    /// <summary>Notes a failure.</summary>
    /// <returns>Whether storage was available until now: whoever gets true logs the outage.</returns>
    internal bool Failed(StorageActivity activity, string problem)
    {
        lock (_gate)
        {
            var isNew = _problems.Count == 0;
            _problems[activity] = problem;
            _now = new Snapshot(isNew ? _time.GetUtcNow() : _now.Since, problem);
            return isNew;
        }
    }

    /// <summary>Notes a success.</summary>
    /// <returns>The length of the outage that ends with it: whoever gets one logs the end. Null if none ends.</returns>
    internal TimeSpan? Succeeded(StorageActivity activity)
    {
        lock (_gate)
        {
            if (!_problems.Remove(activity))
                return null;

            if (_problems.Count > 0)
            {
                _now = _now with { Problem = _problems.Values.First() };
                return null;
            }

            var length = _time.GetUtcNow() - _now.Since;
            _now = new Snapshot(_time.GetUtcNow(), null);
            return length;
        }
    }

    private sealed record Snapshot(DateTimeOffset Since, string? Problem);
}
