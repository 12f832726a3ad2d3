namespace Pulse.Counting;

/// <summary>
/// Which leader epochs the records have that a session has read, as runs of equal ones: there are as many as the
/// partition had leaders. Epochs of a log never fall.
/// </summary>
internal sealed partial class EpochRuns
{
    /// <summary>More runs are not remembered; of what lies below, nothing is known then.</summary>
    public const int MaximumRuns = 1_024;

    private readonly List<Run> _runs = [];
    private long _last;
    private int _epoch = LogPosition.UnknownEpoch;

    /// <summary>Whether a record had a lower epoch than one before it: these are no records of one log.</summary>
    public bool HasFallen { get; private set; }

    /// <summary>Begins at a position. What is below was not read; of the record just below, the epoch may be known.</summary>
    public void StartAt(LogPosition position)
    {
        _runs.Clear();
        HasFallen = false;
        _epoch = LogPosition.UnknownEpoch;
        if (position.Epoch != LogPosition.UnknownEpoch)
            Read(position.BehindRecord.Offset - 1, position.Epoch);
    }

    /// <summary>Notes a record. Hot path.</summary>
    public void Read(long offset, int epoch)
    {
        if (epoch != _epoch)
            Begin(offset, epoch);
        _last = offset;
    }

    /// <summary>The epoch of the record just below an offset, if it was read or lies between equal ones; else unknown.</summary>
    public int EpochBelow(long offset)
    {
        var index = RunAt(offset - 1);
        return index >= 0 && offset - 1 <= LastOf(index) ? _runs[index].Epoch : LogPosition.UnknownEpoch;
    }

    /// <summary>Whether a position can be a place in the log that was read, as far as epochs can say.</summary>
    public bool Allows(LogPosition position)
    {
        if (position.Epoch == LogPosition.UnknownEpoch || _runs.Count == 0)
            return true;

        var index = RunAt(position.Offset - 1);
        var isInside = index >= 0 && position.Offset - 1 <= LastOf(index);
        var least = index >= 0 ? _runs[index].Epoch : LogPosition.UnknownEpoch;
        var greatest = isInside ? least : EpochOf(index + 1);
        var isAllowed = least <= position.Epoch && (greatest == LogPosition.UnknownEpoch || position.Epoch <= greatest);
        Mistake("EpochOfLeastOnly", ref isAllowed, true);
        return isAllowed;
    }

    private void Begin(long offset, int epoch)
    {
        if (_epoch != LogPosition.UnknownEpoch)
            _runs[^1] = _runs[^1] with { Last = _last };
        _epoch = epoch;
        // Where the broker gives no epoch there is nothing to remember, or to compare.
        if (epoch == LogPosition.UnknownEpoch)
            return;
        HasFallen |= _runs.Count > 0 && epoch < _runs[^1].Epoch;
        if (_runs.Count == MaximumRuns)
            _runs.RemoveRange(0, MaximumRuns / 2);
        _runs.Add(new Run(offset, offset, epoch));
    }

    private int RunAt(long offset)
    {
        var index = _runs.Count - 1;
        while (index >= 0 && _runs[index].First > offset)
            index--;
        return index;
    }

    private long LastOf(int index) => index == _runs.Count - 1 && _epoch != LogPosition.UnknownEpoch ? _last : _runs[index].Last;

    private int EpochOf(int index) => index < _runs.Count ? _runs[index].Epoch : LogPosition.UnknownEpoch;

    static partial void Mistake<T>(string name, ref T decision, T wrong);

    private readonly record struct Run(long First, long Last, int Epoch);
}
