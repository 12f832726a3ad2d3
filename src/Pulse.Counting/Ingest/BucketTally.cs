namespace Pulse.Counting;

/// <summary>What a session knows of one bucket, and has for it.</summary>
/// <remarks>
/// Invariant: every record of the bucket from where the session's reading began for it up to the session's position is
/// in a delta that was sent or is ready, or in the one that is being built; these follow on one another, and the next
/// one starts at <see cref="Next"/>.
/// </remarks>
internal sealed partial class BucketTally(
    BucketId id, StreamPartition partition, VersionDigest version, EpochRuns epochs, SessionLimits limits)
{
    private readonly Queue<(Delta Delta, int Bytes)> _ready = [];
    private readonly Queue<(long To, int Bytes)> _underWay = [];
    private long _start;
    private bool _hasJustSent;

    public BucketId Id { get; } = id;

    public VersionDigest Version { get; } = version;

    /// <summary>Whether it has said its position since the session began or started over.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>
    /// Whether it said that it stands apart: nothing is counted for it, or waited for, until it says a position again.
    /// </summary>
    public bool IsApart { get; private set; }

    /// <summary>Where the next delta starts. Records below it are the bucket's already, or will be.</summary>
    public LogPosition Next { get; private set; }

    /// <summary>The same offset, for the hot path.</summary>
    public long NextOffset { get; private set; }

    /// <summary>Whether the session has not come to <see cref="Next"/> yet, so that its epoch was not compared.</summary>
    public bool IsAhead { get; set; }

    /// <summary>The furthest position that it said it has, and that it said its row has.</summary>
    public LogPosition Said { get; private set; }

    /// <inheritdoc cref="Said" />
    public LogPosition SaidStored { get; private set; }

    /// <summary>What is ready or under way, in bytes.</summary>
    public int BytesUnderWay { get; private set; }

    /// <summary>How many deltas that are.</summary>
    public int DeltasUnderWay => _ready.Count + _underWay.Count;

    /// <summary>How many deltas wait to be sent.</summary>
    public int DeltasReady => _ready.Count;

    /// <summary>What the next delta holds so far.</summary>
    public DeltaBuilder Building { get; } = new(limits.DeltaBytes);

    /// <summary>Whether there is nothing that a skip would tear apart.</summary>
    public bool HasNothing => Building.IsEmpty && _ready.Count == 0;

    /// <summary>Forgets what it said and what was for it.</summary>
    public void Forget()
    {
        IsKnown = IsApart = false;
        Drop();
        _underWay.Clear();
        BytesUnderWay = 0;
    }

    /// <summary>Takes no part any more: it holds every record, as far as the session is concerned.</summary>
    /// <param name="position">Where it says that it stands.</param>
    /// <param name="stored">What of it is stored.</param>
    public void StandApart(LogPosition position, LogPosition stored)
    {
        Forget();
        Hear(position, stored);
        (IsApart, IsAhead) = (true, false);
        NextOffset = long.MaxValue;
    }

    /// <summary>Hears a position and what of it is stored.</summary>
    public void Hear(LogPosition position, LogPosition stored)
    {
        var isNews = !IsKnown || IsApart;
        Said = isNews || position.Offset > Said.Offset ? position : Said;
        SaidStored = isNews || stored.Offset > SaidStored.Offset ? stored : SaidStored;
        (IsKnown, IsApart) = (true, false);
        while (_underWay.TryPeek(out var delta) && delta.To <= position.Offset)
            BytesUnderWay -= _underWay.Dequeue().Bytes;
    }

    /// <summary>Begins where the bucket stands.</summary>
    public void Start()
    {
        _start = Said.Offset;
        MoveTo(Said);
    }

    /// <summary>Whether a position lies before what the session has read for it.</summary>
    public bool IsBeforeStart(LogPosition position) => position.Offset < _start;

    /// <summary>Goes on from a position beyond: somebody else brought what lies before it.</summary>
    public void SkipTo(LogPosition position)
    {
        var keeps = false;
        Mistake("SkippedKeepsCounts", ref keeps, true);
        if (!keeps)
            Drop();
        MoveTo(position);
    }

    /// <summary>Counts a record at or beyond <see cref="Next"/>, where the hot path can't.</summary>
    /// <param name="key">The key.</param>
    /// <param name="window">The window.</param>
    /// <param name="below">The position below the record: where the delta ends if the record is one too many for it.</param>
    public void Count(KeyTally key, Window window, LogPosition below)
    {
        if (!Building.Fits(key, window))
            Close(below);
        Building.Count(key, window);
    }

    /// <summary>Adds offsets that the log no longer has, as far as they are ahead of the bucket.</summary>
    public void AddGap(long from, long to)
    {
        from = Math.Max(from, NextOffset);
        Mistake("GapNotTold", ref from, to);
        if (from < to)
            Building.Add(new Gap(partition, from, to));
    }

    /// <summary>Ends the delta that is being built: the next one starts where it ends.</summary>
    public void Close(LogPosition to)
    {
        Mistake("DeltaEndsBehindNextRecord", ref to, to with { Offset = to.Offset + 1 });
        Require.That(to.Offset > NextOffset, "A delta that holds something leads forward.");
        var bytes = Building.Bytes;
        BytesUnderWay += bytes;
        _ready.Enqueue((Building.Take(partition, Version, Own(Next), to), bytes));
        MoveTo(to);
    }

    /// <summary>Takes a delta that is ready; null if there is none.</summary>
    public Delta? TakeReady()
    {
        if (!_ready.TryDequeue(out var ready))
            return null;
        _underWay.Enqueue((ready.Delta.To.Offset, ready.Bytes));
        _hasJustSent = true;
        return ready.Delta;
    }

    /// <summary>Whether deltas are under way of which the last was sent since the last tick.</summary>
    public bool WaitsForAnswer()
    {
        var waits = _hasJustSent && _underWay.Count > 0;
        _hasJustSent = false;
        return waits;
    }

    /// <summary>An empty delta up to a position.</summary>
    public EmptyDelta TakeEmpty(SessionId session, LogPosition to)
    {
        var from = Own(Next);
        if (to.Offset > NextOffset)
            MoveTo(to);
        else
            to = from;
        return new EmptyDelta(partition, session, from, to);
    }

    // The epoch is the session's own where it knows one: of a bucket's word alone, another log would not be noticed.
    private LogPosition Own(LogPosition position)
    {
        var epoch = epochs.EpochBelow(position.Offset);
        Mistake("EpochOfLeastOnly", ref epoch, LogPosition.UnknownEpoch);
        return epoch == LogPosition.UnknownEpoch ? position : position with { Epoch = epoch };
    }

    private void MoveTo(LogPosition position) => (Next, NextOffset) = (position, position.Offset);

    private void Drop()
    {
        Building.Clear();
        while (_ready.TryDequeue(out var ready))
            BytesUnderWay -= ready.Bytes;
    }

    static partial void Mistake<T>(string name, ref T decision, T wrong);
}
