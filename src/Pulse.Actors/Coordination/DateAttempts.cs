namespace Pulse.Actors.Coordination;

/// <summary>
/// Which date to export next, and which not any more: a limit of dates at a time, a growing pause after each failure,
/// a limit of attempts. Pure: the caller runs the attempts and the pauses. No date is ever running twice.
/// </summary>
internal sealed class DateAttempts
{
    private readonly ExportOptions _options;
    private readonly Queue<RollupDate> _due;
    private readonly HashSet<RollupDate> _running = [];
    private readonly HashSet<RollupDate> _pausing = [];
    private readonly Dictionary<RollupDate, int> _failures = [];
    private bool _isAnyExhausted;

    internal DateAttempts(IEnumerable<RollupDate> dates, ExportOptions options)
    {
        _options = options;
        _due = new Queue<RollupDate>(dates);
    }

    /// <summary>Whether nothing is to be tried, being tried or pausing.</summary>
    internal bool IsOver => _due.Count == 0 && _running.Count == 0 && _pausing.Count == 0;

    /// <summary>The number of dates that were given up.</summary>
    internal int GivenUp { get; private set; }

    /// <summary>The next date to try, if one may be tried now; it then counts as running.</summary>
    internal bool TryStart(out RollupDate date)
    {
        date = default;
        return _running.Count < _options.ParallelDates && _due.TryDequeue(out date) && _running.Add(date);
    }

    internal void Succeeded(RollupDate date) => _running.Remove(date);

    /// <summary>Notes that an attempt failed.</summary>
    /// <returns>The pause before <see cref="Resume"/>, or null when the date is given up.</returns>
    internal TimeSpan? Failed(RollupDate date, bool forGood = false)
    {
        _running.Remove(date);
        var failures = _failures[date] = _failures.GetValueOrDefault(date) + 1;

        // Where one date has used up its attempts the warehouse may be down altogether: the others get one each, so
        // that a hundred dates don't take a hundred times as long to find out.
        // A failure for good is that date's own and says nothing about the others.
        if (forGood || failures >= _options.Attempts || _isAnyExhausted)
        {
            _isAnyExhausted |= !forGood;
            GivenUp++;
            return null;
        }

        _pausing.Add(date);
        return _options.PauseAfter(failures);
    }

    /// <summary>An attempt came to nothing, through no fault of date or warehouse: it is to be tried again, as if for the first time.</summary>
    internal void Postpone(RollupDate date)
    {
        if (_running.Remove(date))
            _due.Enqueue(date);
    }

    /// <summary>The pause of a date is over.</summary>
    internal void Resume(RollupDate date)
    {
        if (_pausing.Remove(date))
            _due.Enqueue(date);
    }
}
