#if PULSE_MISTAKES
namespace Pulse.Counting;

/// <content>Mistakes of more than one decision: what becomes of increments whose storing is in doubt, or which are lost.</content>
public sealed partial class BucketCheckpointing
{
    private BucketMemory? _kept;

    partial void MistakesAtOutcome(int look, ref CheckpointId? checkpoint)
    {
        if (Mistakes.Made is null || look != _look || Phase != BucketPhase.OutcomeUnknown)
            return;
        var statement = _memory!.Frozen!.Statement;
        var isRetried = checkpoint == _previous;
        if (Mistakes.IsMade("LostMeansStored"))
            checkpoint = statement.Next;
        if (Mistakes.IsMade("LostMeansFailed") || (Mistakes.IsMade("LostAdoptsTheValueRead") && checkpoint is not null))
        {
            _previous = Mistakes.IsMade("LostMeansFailed") ? _previous : checkpoint!.Value;
            _memory.Thaw();
            _look++;
            Phase = BucketPhase.Open;
        }

        if (isRetried && Mistakes.IsMade("RetryHasAnotherName"))
            _memory.Replace(statement with { Next = Renamed(statement.Next) });
        if (isRetried && Mistakes.IsMade("RetryHasNewPositions"))
            _memory.Replace(statement with { Positions = _memory.Positions.ToString() });
        if (isRetried && Mistakes.IsMade("RetryGrows"))
            _memory.Grow();
    }

    partial void MistakesAtForget()
    {
        if (_memory is not null && (Mistakes.IsMade("OvertakenKeepsUnstored") || Mistakes.IsMade("ForgottenStaysUnstored")))
            _kept = _memory;
    }

    partial void MistakesAtTakeover()
    {
        if (_kept is not null)
            _memory!.Adopt(_kept);
        _kept = null;
    }

    partial void MistakesAtEnd(BucketEnd reason)
    {
        if (reason != BucketEnd.Overtaken || !Mistakes.IsMade("OvertakenKeepsUnstored"))
            return;
        _effects.RemoveAt(_effects.Count - 1);
        TakeOver();
    }

    private static CheckpointId Renamed(CheckpointId checkpoint)
    {
        var bytes = checkpoint.Value.ToByteArray();
        bytes[^1]++;
        return new CheckpointId(new Guid(bytes));
    }
}

internal sealed partial class BucketMemory
{
    /// <summary>What was frozen is unstored again.</summary>
    public void Thaw()
    {
        Add(Frozen!.Changes);
        Frozen = null;
    }

    /// <summary>The frozen statement becomes another one.</summary>
    public void Replace(CheckpointStatement statement) =>
        Frozen = Frozen! with { Statement = statement, Positions = BucketPositions.Parse(statement.Positions) };

    /// <summary>What is unstored joins what is frozen, under its name.</summary>
    public void Grow()
    {
        var statement = Frozen!.Statement;
        Thaw();
        Freeze(statement.Bucket, statement.Previous, statement.Next);
    }

    /// <summary>Takes over what another memory had not stored.</summary>
    public void Adopt(BucketMemory other)
    {
        Add(other._unstored);
        if (other.Frozen is not null)
            Add(other.Frozen.Changes);
    }

    private void Add(UnstoredChanges changes)
    {
        foreach (var stream in changes.Streams)
            _unstored.Moved(stream);
        _unstored.Add(new Delta(default, default, default, default, changes.Balance, changes.Counts(), changes.Gaps));
    }
}
#endif
