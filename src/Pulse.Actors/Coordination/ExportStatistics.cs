using System.Collections.Concurrent;
using Pulse.Warehouse;

namespace Pulse.Actors.Coordination;

/// <summary>
/// What the exports of this process have done since it started, for metrics. Read from any thread; written by the
/// coordinator, where it runs in this process.
/// </summary>
public sealed class ExportStatistics
{
    /// <summary>Of how many dates the progress is told at most; those at work first, then the newest.</summary>
    public const int MaximumDates = 100;

    private readonly ConcurrentDictionary<RollupDate, DateStatus> _dates = new();
    private long _datesLoaded;
    private long _datesUnchanged;
    private long _rowsLoaded;
    private long _bytesLoaded;
    private long _failures;
    private long _finished;
    private long _givenUp;
    private int _datesInFlight;
    private long _lastFinishedTicks;

    /// <summary>Dates that were loaded and verified.</summary>
    public long DatesLoaded => Volatile.Read(ref _datesLoaded);

    /// <summary>Dates that the warehouse held already.</summary>
    public long DatesUnchanged => Volatile.Read(ref _datesUnchanged);

    /// <summary>Rows of the dates that were loaded.</summary>
    public long RowsLoaded => Volatile.Read(ref _rowsLoaded);

    /// <summary>Bytes of the dates that were loaded.</summary>
    public long BytesLoaded => Volatile.Read(ref _bytesLoaded);

    /// <summary>Attempts at a date that failed.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Exports that put everything into the warehouse.</summary>
    public long Finished => Volatile.Read(ref _finished);

    /// <summary>Exports that were given up.</summary>
    public long GivenUp => Volatile.Read(ref _givenUp);

    /// <summary>Dates at work now.</summary>
    public int DatesInFlight => Volatile.Read(ref _datesInFlight);

    /// <summary>When the last export finished, UTC; null before the first.</summary>
    public DateTime? LastFinishedUtc => Volatile.Read(ref _lastFinishedTicks) is > 0 and var ticks
        ? new DateTime(ticks, DateTimeKind.Utc)
        : null;

    /// <summary>
    /// Where the dates stand of the export that this process works on, or worked on last; at most
    /// <see cref="MaximumDates"/> of them.
    /// </summary>
    public IReadOnlyList<KeyValuePair<RollupDate, DateStatus>> Dates =>
    [
        .. _dates.ToArray()
            .OrderBy(date => date.Value.Step is DateStep.Waiting or DateStep.Done or DateStep.Unchanged)
            .ThenByDescending(date => date.Key.Date).ThenBy(date => date.Key.Rollup, StringComparer.Ordinal)
            .Take(MaximumDates),
    ];

    internal void ExportStarted() => _dates.Clear();

    internal void DateTold(RollupDate date, DateStatus status) => _dates[date] = status;

    internal void DateStarted() => Interlocked.Increment(ref _datesInFlight);

    internal void DateEnded() => Interlocked.Decrement(ref _datesInFlight);

    internal void DateFailed() => Interlocked.Increment(ref _failures);

    internal void DateExported(ExportedDate result)
    {
        if (result.IsUnchanged)
        {
            Interlocked.Increment(ref _datesUnchanged);
            return;
        }

        Interlocked.Increment(ref _datesLoaded);
        Interlocked.Add(ref _rowsLoaded, result.Rows);
        Interlocked.Add(ref _bytesLoaded, result.Bytes);
    }

    internal void ExportEnded(ExportOutcome outcome)
    {
        if (!outcome.Succeeded)
        {
            Interlocked.Increment(ref _givenUp);
            return;
        }

        Interlocked.Increment(ref _finished);
        Volatile.Write(ref _lastFinishedTicks, outcome.EndedUtc.Ticks);
    }
}
