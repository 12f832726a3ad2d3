namespace Pulse.Counting;

/// <content>
/// Freeze, ask, store. The one path on which a bucket's row is written: freeze what is there, confirm the stream that it
/// was read from, send one statement, and learn for certain whether it was executed.
/// </content>
public sealed partial class BucketCheckpointing
{
    /// <summary>The topic's identity was asked for and told.</summary>
    /// <param name="frozen">Of the effect: the question left after this freeze.</param>
    /// <param name="stream">The stream that the topic is now.</param>
    public void StreamIs(CheckpointId frozen, string stream)
    {
        var isAnswer = Phase == BucketPhase.Frozen && frozen == _memory!.Frozen!.Statement.Next;
        Mistake("IdentityAskedBeforeFreeze", ref isAnswer, Phase == BucketPhase.Frozen);
        if (!isAnswer)
            return;

        IReadOnlyList<string> others = [.. _memory!.Frozen!.Changes.Streams.Where(read => read != stream)];
        Mistake("IdentityNotCompared", ref others, []);
        if (others.Count == 0)
            Send();
        else
            Forget(others, stream);
    }

    /// <summary>The statement was executed.</summary>
    /// <param name="next">The statement's <see cref="CheckpointStatement.Next"/>.</param>
    /// <param name="counts">The new counts of those of its cells that are shown, as the statement returned them.</param>
    public void Stored(CheckpointId next, IReadOnlyList<KeyCount> counts)
    {
        if (IsUnderWay(next))
            Continue(counts);
    }

    /// <summary>The statement found another content than it expects, or was executed before.</summary>
    /// <param name="next">The statement's <see cref="CheckpointStatement.Next"/>.</param>
    public void NotStored(CheckpointId next) => OutcomeUnknown(next);

    /// <summary>Nobody knows whether the statement was executed, or will be.</summary>
    /// <param name="next">The statement's <see cref="CheckpointStatement.Next"/>.</param>
    public void OutcomeUnknown(CheckpointId next)
    {
        if (Phase != BucketPhase.Storing || !IsUnderWay(next))
            return;
        Phase = BucketPhase.OutcomeUnknown;
        ReadCheckpoint();
    }

    /// <summary>
    /// The database refused to execute the statement this time, for the sake of what it holds or of what its table is: the bucket
    /// stands apart. <see cref="OutcomeUnknown"/> has to follow after a while: the statement may have been executed before, and is
    /// sent again if it was not.
    /// </summary>
    /// <param name="next">The statement's <see cref="CheckpointStatement.Next"/>.</param>
    public void Refused(CheckpointId next)
    {
        if (!IsUnderWay(next) || Phase != BucketPhase.Storing || IsApart)
            return;
        if (_stopWith is not null)
        {
            End(BucketEnd.Stopped);
            return;
        }

        IsApart = true;
        _memory!.ForgetUnstored();
    }

    /// <summary>The row's checkpoint was read.</summary>
    /// <param name="look">Of the effect.</param>
    /// <param name="checkpoint">The value; null if there is no row.</param>
    public void CheckpointRead(int look, CheckpointId? checkpoint)
    {
        MistakesAtOutcome(look, ref checkpoint);
        var isAwaited = look == _look;
        Mistake("OldLookCounts", ref isAwaited, Phase != BucketPhase.Storing);
        if (!isAwaited)
            return;
        if (Phase == BucketPhase.OutcomeUnknown)
            Resolve(checkpoint);
        else if (checkpoint != _previous)
            End(BucketEnd.Overtaken);
    }

    /// <summary>The row's checkpoint could not be read.</summary>
    /// <param name="look">Of the effect.</param>
    public void CheckpointUnread(int look)
    {
        if (look == _look && Phase == BucketPhase.OutcomeUnknown)
            ReadCheckpoint();
    }

    /// <summary>Cells were read for the pages.</summary>
    /// <param name="checkpoint">The row's checkpoint in the same snapshot.</param>
    /// <param name="counts">Their stored counts; 0 for cells without a row.</param>
    /// <param name="complete">Windows of which these are all cells of the bucket that are stored.</param>
    public void CellsRead(CheckpointId checkpoint, IReadOnlyList<KeyCount> counts, IEnumerable<Window>? complete = null)
    {
        // In another snapshot, these counts hold other increments than this incarnation believes.
        var isKnown = _memory is not null && checkpoint == _previous;
        Mistake("CellsOfAnotherSnapshot", ref isKnown, true);
        if (isKnown)
            _cells.Read(counts, complete);
    }

    private bool IsUnderWay(CheckpointId next) =>
        Phase is BucketPhase.Storing or BucketPhase.OutcomeUnknown && _memory!.Frozen!.Statement.Next == next;

    private void Freeze(CheckpointId next)
    {
        _hasRequested = false;
        _memory!.Freeze(_bucket, _previous, next);
        Phase = BucketPhase.Frozen;
        Emit(new BucketEffect.ConfirmStream(next));
    }

    // Whenever another content is expected, or none, a look that is under way says nothing any more: nobody knows what it saw.
    private void Send()
    {
        Phase = BucketPhase.Storing;
        _look++;
        Emit(new BucketEffect.Store(_memory!.Frozen!.Statement));
    }

    private void Resolve(CheckpointId? checkpoint)
    {
        if (checkpoint == _memory!.Frozen!.Statement.Next)
            Continue([]);
        else if (checkpoint == _previous)
            Send();
        else
            End(BucketEnd.Overtaken);
    }

    private void Continue(IReadOnlyList<KeyCount> counts)
    {
        var stored = _memory!.Store();
        IsApart = false;
        _previous = stored.Statement.Next;
        _look++;
        _cells.Stored(stored.Statement.Counts, counts);
        Phase = BucketPhase.Open;
        RequestWhereMuchChanged();
        StopWhereAllIsStored();
    }

    // What was read from a topic that was made again meanwhile has offsets of the one and records of the other.
    private void Forget(IReadOnlyList<string> streams, string current)
    {
        _oldStreams.Remove(current);
        _oldStreams.AddRange(streams);
        if (_oldStreams.Count > _limits.OldStreams)
            _oldStreams.RemoveRange(0, _oldStreams.Count - _limits.OldStreams);
        if (_stopWith is null)
            TakeOver();
        else
            End(BucketEnd.Stopped);
    }

    private void ReadCheckpoint()
    {
        _look++;
        Emit(new BucketEffect.ReadCheckpoint(_look));
    }

    /// <summary>Asks for the stored counts that pages wait for, if there are any.</summary>
    public void ReadUnknownCells()
    {
        if (_memory is null || IsApart)
            return;
        var unknown = _cells.Unknown(CellsPerRead);
        if (unknown.Count > 0)
            Emit(new BucketEffect.ReadCells(unknown));
    }
}
