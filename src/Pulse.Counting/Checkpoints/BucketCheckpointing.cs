namespace Pulse.Counting;

/// <summary>
/// One incarnation of a bucket: applies deltas, and stores what it applied in one statement at a time, each of which
/// follows on the content of the row that it knows. A pure machine: messages are its methods, effects are taken by
/// <see cref="TakeEffects"/> after each.
/// </summary>
/// <remarks>
/// Invariant: nothing moves a position but a delta that starts at it. What the row may hold is known at any time: it is
/// the content named by <c>Previous</c>, or the frozen statement was executed on it, or this incarnation is over.
/// </remarks>
public sealed partial class BucketCheckpointing
{
    /// <summary>How many cells are read at once for the pages.</summary>
    public const int CellsPerRead = 1_000;

    private readonly BucketId _bucket;
    private readonly VersionDigest _version;
    private readonly CheckpointLimits _limits;
    private readonly UnstoredMemory _ofNode;
    private readonly CellCounts _cells;
    private readonly List<string> _oldStreams = [];
    private List<BucketEffect> _effects = [];
    private BucketMemory? _memory;
    private CheckpointId _previous;
    private CheckpointId? _stopWith;
    private bool _hasRequested;
    private long _bytes;
    private int _attempt;
    private int _look;

    /// <summary>Makes an incarnation that has not begun yet.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="version">The version that it belongs to.</param>
    /// <param name="limits">How much may be unstored.</param>
    /// <param name="ofNode">What all buckets of the node may hold together.</param>
    /// <param name="showsTotals">Whether pages are shown the total of each window as well, under <see cref="Total"/>.</param>
    public BucketCheckpointing(
        BucketId bucket, VersionDigest version, CheckpointLimits limits, UnstoredMemory ofNode, bool showsTotals = false)
    {
        (_bucket, _version, _limits, _ofNode) = (bucket, version, limits, ofNode);
        _cells = new CellCounts { ShowsTotals = showsTotals };
    }

    /// <summary>In place of a key: the sum of all cells of a window that the bucket owns.</summary>
    public static RollupKey Total => CellCounts.Total;

    /// <summary>How far it has come with its row.</summary>
    public BucketPhase Phase { get; private set; }

    /// <summary>How many cells changed since the last freeze; see <see cref="CheckpointPace"/>.</summary>
    public int ChangedCells => _memory?.Unstored.CellCount ?? 0;

    /// <summary>Whether something was applied that is not stored, or not known to be.</summary>
    public bool HasUnstored => _memory is not null && (_memory.Frozen is not null || !_memory.Unstored.IsEmpty);

    /// <summary>Whether so much is unstored, by itself or by all buckets of the node, that it is silent until some of it is stored.</summary>
    public bool IsFull
    {
        get
        {
            var isNodeFull = _ofNode.IsFull;
            Mistake("FullNodeTakesMore", ref isNodeFull, false);
            return isNodeFull || _memory?.UnstoredCells >= _limits.MaximumUnstoredCells || _memory?.UnstoredBytes >= _limits.MaximumUnstoredBytes;
        }
    }

    /// <summary>
    /// Whether the database refuses the frozen statement for what it holds. Until it is stored, sessions are told so and go on without
    /// this bucket: nothing is kept for it in memory, and it is read again from where its row stands then.
    /// </summary>
    public bool IsApart { get; private set; }

    /// <summary>Whether cells that changed wait for their stored count, which a statement could return.</summary>
    public bool HasUnknownCells => _cells.HasUnknown;

    /// <summary>How many keys the window has that has most, as far as pages need to know.</summary>
    public int MostKeys => _cells.MostKeys;

    /// <summary>
    /// That of its row; 0 before it has one. Of two values that pages hear of a cell, the one of the larger generation is right.
    /// </summary>
    public long Generation { get; private set; }

    /// <summary>The positions in memory; empty before it has its row and after its end.</summary>
    public BucketPositions Positions => _memory?.Positions ?? new BucketPositions();

    private bool Listens
    {
        get
        {
            var isFull = IsFull;
            Mistake("FullBucketTakesMore", ref isFull, false);
            return _memory is not null && _stopWith is null && (IsApart || !isFull);
        }
    }

    /// <summary>Takes the effects of the messages since the last call; they are to be carried out in this order.</summary>
    public IReadOnlyList<BucketEffect> TakeEffects()
    {
        TellNode();
        if (_effects.Count == 0)
            return [];
        var effects = _effects;
        _effects = [];
        return effects;
    }

    /// <summary>The incarnation is gone, whatever it was doing: it hears nothing more, and the node has its memory back.</summary>
    public void Leave()
    {
        _memory = null;
        IsApart = false;
        Phase = BucketPhase.Over;
        TellNode();
    }

    /// <summary>Begins: asks for the row.</summary>
    public void Start() => TakeOver();

    /// <summary>The takeover was answered.</summary>
    /// <param name="attempt">Of the effect. Older attempts may have been executed, but no longer count.</param>
    /// <param name="row">The row as the takeover left it.</param>
    /// <exception cref="FormatException">The row's positions can't be read.</exception>
    public void TakenOver(int attempt, BucketRow row)
    {
        var isAwaited = Phase == BucketPhase.TakingOver && attempt == _attempt;
        Mistake("OldTakeoverCounts", ref isAwaited, Phase is not BucketPhase.Over and not BucketPhase.Storing);
        if (!isAwaited)
            return;
        _memory = new BucketMemory(row);
        _previous = row.Checkpoint;
        Generation = row.Generation;
        _cells.StartOver();
        Phase = BucketPhase.Open;
        MistakesAtTakeover();
    }

    /// <summary>The takeover was not answered, or failed: it is sent again.</summary>
    /// <param name="attempt">Of the effect.</param>
    public void TakeoverFailed(int attempt)
    {
        if (Phase == BucketPhase.TakingOver && attempt == _attempt)
            TakeOver();
    }

    /// <summary>A session asks for the position in its partition. To ask changes nothing.</summary>
    public void Ask(StreamPartition partition, VersionDigest version, SessionId session)
    {
        if (Listens)
            Answer(partition, session, Refusal(partition, version) ?? AnswerKind.Position);
    }

    /// <summary>A session brings a delta.</summary>
    /// <returns>Whether it was applied.</returns>
    public bool Apply(Delta delta, SessionId session)
    {
        if (!Listens)
            return false;
        var kind = Refusal(delta.Partition, delta.Version) ?? _memory!.Move(delta.Partition, delta.From, delta.To);
        if (kind == AnswerKind.Applied)
        {
            _memory!.Unstored.Add(delta);
            _cells.Changed(delta.Counts);
            TellNode();
            RequestWhereMuchChanged();
        }

        Answer(delta.Partition, session, kind);
        return kind == AnswerKind.Applied;
    }

    /// <summary>Sessions of a node bring the empty deltas of their partitions.</summary>
    public void Apply(IReadOnlyList<EmptyDelta> deltas, VersionDigest version)
    {
        foreach (var (partition, session, from, to) in deltas)
        {
            if (Listens)
                Answer(partition, session, Refusal(partition, version) ?? _memory!.Move(partition, from, to));
        }
    }

    /// <summary>A checkpoint is due, or was requested. Where there is nothing to store, it looks at the row.</summary>
    /// <param name="next">A random value that was never used.</param>
    public void MakeCheckpoint(CheckpointId next)
    {
        var freezes = Phase == BucketPhase.Open && !_memory!.Unstored.IsEmpty;
        Mistake("QuietPositionsNotStored", ref freezes, freezes && ChangedCells > 0);
        if (freezes)
            Freeze(next);
        else
            Look();
    }

    /// <summary>Looks whether the row still has the content that it knows. To be called every 10 s at least.</summary>
    public void Look()
    {
        var looks = Phase is BucketPhase.Open or BucketPhase.Frozen or BucketPhase.OutcomeUnknown;
        Mistake("IdleBucketNeverLooks", ref looks, Phase == BucketPhase.OutcomeUnknown);
        if (looks)
            ReadCheckpoint();
        ReadUnknownCells();
    }

    /// <summary>Has what is not stored shown again.</summary>
    public void ShowUnstoredAgain()
    {
        _cells.ShowAgain(_memory?.Unstored);
        _cells.ShowAgain(_memory?.Frozen?.Changes);
    }

    /// <summary>Keeps the counts of windows that pages hold, and forgets older ones. Before the first call, none is kept.</summary>
    /// <param name="oldest">The oldest window that pages hold.</param>
    public void ShowFrom(Window oldest) => _cells.KeepFrom(oldest);

    /// <summary>Takes the cells that changed since the last call, as pages show them.</summary>
    public IReadOnlyList<ShownCount> TakeShown() =>
        _memory is null ? [] : _cells.TakeChanged(_memory.Unstored, _memory.Frozen?.Changes);

    /// <summary>Stores what is there, then ends; what the database refuses is left to a successor. It takes and answers nothing more.</summary>
    /// <param name="next">A random value that was never used.</param>
    public void Stop(CheckpointId next)
    {
        if (_stopWith is not null)
            return;
        _stopWith = next;
        if (IsApart)
            End(BucketEnd.Stopped);
        else
            StopWhereAllIsStored();
    }

    private void TakeOver()
    {
        MistakesAtForget();
        _memory = null;
        _attempt++;
        _look++;
        Phase = BucketPhase.TakingOver;
        Emit(new BucketEffect.TakeOver(_attempt));
    }

    private void StopWhereAllIsStored()
    {
        if (_stopWith is not { } next)
            return;
        var isStored = Phase == BucketPhase.TakingOver || (Phase == BucketPhase.Open && _memory!.Unstored.IsEmpty);
        Mistake("StopsWithUnstored", ref isStored, true);
        if (isStored)
            End(BucketEnd.Stopped);
        else if (Phase == BucketPhase.Open)
            Freeze(next);
    }

    private void TellNode()
    {
        var bytes = IsApart ? 0 : _memory?.UnstoredBytes ?? 0;
        if (bytes == _bytes)
            return;
        _ofNode.Add(bytes - _bytes);
        _bytes = bytes;
    }

    private void RequestWhereMuchChanged()
    {
        var isMuch = ChangedCells >= _limits.EarlyCheckpointCells || _memory!.Unstored.Bytes >= _limits.EarlyCheckpointBytes;
        if (_hasRequested || Phase != BucketPhase.Open || !isMuch)
            return;
        _hasRequested = true;
        Emit(new BucketEffect.RequestCheckpoint());
    }

    private AnswerKind? Refusal(StreamPartition partition, VersionDigest version)
    {
        var isOther = version != _version;
        Mistake("VersionNotCompared", ref isOther, false);
        var isOld = _oldStreams.Contains(partition.Stream);
        Mistake("OldStreamTaken", ref isOld, false);
        return isOther ? AnswerKind.OtherVersion : isOld ? AnswerKind.OldStream : IsApart ? AnswerKind.Apart : null;
    }

    private void Answer(StreamPartition partition, SessionId session, AnswerKind kind)
    {
        var stored = _memory!.Stored[partition];
        Mistake("UnstoredSaidStored", ref stored, _memory.Positions[partition]);
        Emit(new BucketEffect.AnswerSession(
            new BucketAnswer(_bucket, partition, session, kind, _memory.Positions[partition], stored)));
    }

    private void End(BucketEnd reason)
    {
        MistakesAtForget();
        _memory = null;
        IsApart = false;
        _look++;
        Phase = BucketPhase.Over;
        Emit(new BucketEffect.End(reason));
        MistakesAtEnd(reason);
    }

    private void Emit(BucketEffect effect) => _effects.Add(effect);

    static partial void Mistake<T>(string name, ref T decision, T wrong);

    partial void MistakesAtForget();

    partial void MistakesAtTakeover();

    partial void MistakesAtEnd(BucketEnd reason);

    partial void MistakesAtOutcome(int look, ref CheckpointId? checkpoint);
}
