namespace Pulse.Counting;

/// <summary>
/// What an incarnation of a bucket holds beside its row: the positions it has come to, and what it applied on the way.
/// </summary>
/// <remarks>
/// Invariant: the row as it was taken over or last stored, what is frozen, and what is unstored are together exactly
/// the bucket's records below <see cref="Positions"/>.
/// </remarks>
internal sealed partial class BucketMemory
{
    private UnstoredChanges _unstored = new();

    /// <param name="row">The row that the takeover returned.</param>
    /// <exception cref="FormatException">Its positions can't be read.</exception>
    public BucketMemory(BucketRow row)
    {
        Positions = BucketPositions.Parse(row.Positions);
        Stored = Positions.Copy();
    }

    /// <summary>The positions in memory.</summary>
    public BucketPositions Positions { get; private set; }

    /// <summary>The positions that the row has.</summary>
    public BucketPositions Stored { get; private set; }

    /// <summary>What is on its way into the row; null if nothing is.</summary>
    public FrozenCheckpoint? Frozen { get; private set; }

    /// <summary>What was applied since the last freeze.</summary>
    public UnstoredChanges Unstored => _unstored;

    /// <summary>How many cells are not stored, those on their way included.</summary>
    public int UnstoredCells => _unstored.CellCount + (Frozen?.Changes.CellCount ?? 0);

    /// <summary>What these take, in bytes.</summary>
    public long UnstoredBytes => _unstored.Bytes + (Frozen?.Changes.Bytes ?? 0);

    /// <summary>Moves on from one position to another, if the bucket is there.</summary>
    /// <returns>Whether it did, or where it stands instead.</returns>
    public AnswerKind Move(StreamPartition partition, LogPosition from, LogPosition to)
    {
        Require.That(to.Offset >= from.Offset, "A delta leads forward.");
        var position = Positions[partition];
        var follows = position.IsSameAs(from);
        Mistake("EpochOfDeltaNotCompared", ref follows, position.Offset == from.Offset);
        Mistake("AppliedWhenInside", ref follows, follows || (from.Offset < position.Offset && position.Offset < to.Offset));
        Mistake("AppliedWhenBefore", ref follows, follows || position.Offset < from.Offset);
        if (!follows)
            return position.Offset >= to.Offset ? AnswerKind.Held : AnswerKind.Elsewhere;

        // An epoch that was known does not become unknown by a question whether the bucket is there.
        if (to.Offset > position.Offset)
            _unstored.Moved(partition.Stream);
        else if (to.Epoch == LogPosition.UnknownEpoch)
            to = position;
        Positions.Set(partition, to);
        return AnswerKind.Applied;
    }

    /// <summary>Fixes what the next statement stores. What is applied from now on goes into the one after it.</summary>
    public FrozenCheckpoint Freeze(BucketId bucket, CheckpointId previous, CheckpointId next)
    {
        Require.That(Frozen is null, "One statement of a bucket is under way at a time.");
        var positions = Positions.Copy();
        Mistake("PositionsNotStored", ref positions, Stored);
        var statement = new CheckpointStatement(
            bucket, previous, next, positions.ToString(), _unstored.Balance, _unstored.Counts(), _unstored.Gaps);
        Mistake("GapsNotStored", ref statement, statement with { Gaps = [] });
        Mistake("BalanceNotStored", ref statement, statement with { Balance = default });
        Frozen = new FrozenCheckpoint(statement, positions, _unstored);
        var kept = new UnstoredChanges();
        Mistake("FrozenStaysUnstored", ref kept, _unstored);
        _unstored = kept;
        return Frozen;
    }

    /// <summary>Goes back to what is frozen: what was applied after it is to be read again.</summary>
    public void ForgetUnstored()
    {
        Require.That(Frozen is not null, "What is forgotten follows on what is frozen.");
        var positions = Frozen.Positions.Copy();
        Mistake("ApartKeepsPositions", ref positions, Positions);
        Positions = positions;
        _unstored = new UnstoredChanges();
    }

    /// <summary>The frozen statement was executed: the row is what it made of it.</summary>
    public FrozenCheckpoint Store()
    {
        Require.That(Frozen is not null, "What is stored was frozen before.");
        var stored = Frozen;
        (Stored, Frozen) = (stored.Positions, null);
        return stored;
    }

    static partial void Mistake<T>(string name, ref T decision, T wrong);
}
