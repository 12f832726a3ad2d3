namespace Pulse.Counting;

/// <summary>
/// Reads one partition for all buckets of all versions: counts records in offset order, sends each bucket deltas that
/// follow on one another, and reads again from wherever a bucket turns out to be. A pure machine: messages are its methods,
/// effects are taken by <see cref="TakeEffects"/> after each.
/// </summary>
/// <remarks>
/// Invariant: what the session sends a bucket depends on the log alone. Nothing that it knows of buckets is needed for
/// that, or has to be true: it may start at any offset at or below the least position.
/// </remarks>
public sealed partial class IngestSession
{
    private readonly long _incarnation;
    private readonly SessionLimits _limits;
    private readonly EpochRuns _epochs = new();
    private readonly BucketTally[][] _versions;
    private readonly BucketTally[] _buckets;
    private readonly BucketTally[] _homes;
    private readonly Dictionary<BucketId, BucketTally> _bucketsById;
    private List<SessionEffect> _effects = [];
    private int _attempt;
    private int _reading;
    private bool _hasProgressed;

    /// <summary>Makes a session that has not begun yet.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="versions">All versions that are counted; records are told of in their order.</param>
    /// <param name="incarnation">A random number that no other session has.</param>
    /// <param name="limits">How much may be under way.</param>
    public IngestSession(StreamPartition partition, IReadOnlyList<CountedVersion> versions, long incarnation, SessionLimits limits)
    {
        (Partition, _incarnation, _limits) = (partition, incarnation, limits);
        _versions = [.. versions.Select(BucketsOf)];
        _buckets = [.. _versions.SelectMany(buckets => buckets)];
        _homes = [.. versions.Select((version, number) => _versions[number][version.HomeOf(partition.Partition)])];
        _bucketsById = _buckets.ToDictionary(bucket => bucket.Id);
    }

    /// <summary>The partition.</summary>
    public StreamPartition Partition { get; }

    /// <summary>What it is about.</summary>
    public SessionPhase Phase { get; private set; }

    /// <summary>Names the current attempt; answers to older ones do not count.</summary>
    public SessionId Id => new(_incarnation, _attempt);

    /// <summary>Everything below was handled, back to where reading began.</summary>
    public LogPosition Position { get; private set; }

    /// <summary>Whether another batch may be given to it; else too much is under way, or it does not read.</summary>
    public bool WantsRecords
    {
        get
        {
            var wants = BytesUnderWay < _limits.BytesUnderWay && DeltasUnderWay < _limits.DeltasPerBucketUnderWay * _buckets.Length;
            Mistake("NothingBounded", ref wants, true);
            return wants && Phase == SessionPhase.Reading;
        }
    }

    /// <summary>How many bytes of deltas did not reach their bucket yet, as far as known.</summary>
    public int BytesUnderWay => _buckets.Sum(bucket => bucket.BytesUnderWay);

    /// <summary>How many deltas that are.</summary>
    public int DeltasUnderWay => _buckets.Sum(bucket => bucket.DeltasUnderWay);

    /// <summary>
    /// The least position of all buckets that is stored: what group offsets are set to as a courtesy. Null before all have
    /// said theirs.
    /// </summary>
    public LogPosition? StoredProgress => Phase is SessionPhase.Reading or SessionPhase.Draining ? _buckets.MinBy(bucket => bucket.SaidStored.Offset)!.SaidStored : null;

    /// <summary>Where each bucket said last that it stands, for a person.</summary>
    public IEnumerable<(BucketId Bucket, LogPosition Position)> Heard => _buckets.Select(bucket => (bucket.Id, bucket.Said));

    // Those that stand apart are waited for by nobody.
    private IEnumerable<BucketTally> Counting => _buckets.Where(bucket => !bucket.IsApart);

    /// <summary>Takes the effects of the messages since the last call; they are to be carried out in this order.</summary>
    public IReadOnlyList<SessionEffect> TakeEffects()
    {
        if (_effects.Count == 0)
            return [];
        var effects = _effects;
        _effects = [];
        return effects;
    }

    /// <summary>Begins: asks all buckets for their positions.</summary>
    public void Start()
    {
        BeginAttempt();
        AskUnknown();
    }

    /// <summary>Sends what was counted, to the buckets concerned. To be called every 50 ms or so.</summary>
    public void Flush()
    {
        if (Phase != SessionPhase.Reading)
            return;
        foreach (var bucket in _buckets)
        {
            if (bucket.Building.IsUrgent)
                bucket.Close(Position);
            SendReady(bucket);
        }
    }

    /// <summary>
    /// Tells every bucket where the session stands, asks again where there was no answer, and sees to it that nothing
    /// waits for ever. To be called once a second.
    /// </summary>
    public void Tick()
    {
        if (Phase == SessionPhase.StartingOver)
            AskUnknown();
        if (Phase is not (SessionPhase.Reading or SessionPhase.Draining))
            return;
        foreach (var bucket in Counting)
            Send(bucket, waits: bucket.WaitsForAnswer());
        if (Phase != SessionPhase.Reading)
            return;
        AskUnknown();
        AskLogSpanWhereStuck();
    }

    /// <summary>Reads no more, sends everything at once, and ends when all buckets stand at the session's position.</summary>
    public void Drain()
    {
        if (Phase == SessionPhase.StartingOver)
            End(SessionEnd.Abandoned, "The session was starting over.");
        if (Phase != SessionPhase.Reading)
            return;
        Phase = SessionPhase.Draining;
        foreach (var bucket in Counting)
            Send(bucket, waits: bucket.DeltasUnderWay > 0);
        EndWhereDrained();
    }

    private BucketTally[] BucketsOf(CountedVersion version)
    {
        var buckets = new BucketTally[version.Buckets];
        for (var number = 0; number < buckets.Length; number++)
            buckets[number] = new BucketTally(version.Bucket(number), Partition, version.Digest, _epochs, _limits);
        return buckets;
    }

    private void BeginAttempt()
    {
        Phase = SessionPhase.StartingOver;
        _attempt++;
        _hasProgressed = _seeksAfterwards = _isAsking = false;
        foreach (var bucket in _buckets)
            bucket.Forget();
    }

    private void AskUnknown()
    {
        foreach (var bucket in _buckets)
        {
            if (!bucket.IsKnown || bucket.IsApart)
                Emit(new SessionEffect.AskPosition(bucket.Id, bucket.Version, Id));
        }
    }

    // Deltas under way will be answered with a position; an empty one might overtake them, and find the bucket before them.
    private void Send(BucketTally bucket, bool waits)
    {
        if (!bucket.Building.IsEmpty)
            bucket.Close(Position);
        var sends = !waits && bucket.NextOffset <= Position.Offset && bucket.DeltasReady == 0;
        Mistake("NoEmptyDeltas", ref sends, sends && bucket.NextOffset == Position.Offset);
        Mistake("NoEmptyDeltasAtTheEnd", ref sends, sends && bucket.NextOffset < Position.Offset);
        SendReady(bucket);
        if (sends)
            Emit(new SessionEffect.SendEmptyDelta(bucket.Id, bucket.Version, bucket.TakeEmpty(Id, Position)));
    }

    private void SendReady(BucketTally bucket)
    {
        while (bucket.TakeReady() is { } delta)
            Emit(new SessionEffect.SendDelta(bucket.Id, Id, delta));
    }

    private void EndWhereDrained()
    {
        var isDrained = Counting.All(bucket => bucket.Said.Offset >= Position.Offset);
        Mistake("DrainedWhenSent", ref isDrained, true);
        if (isDrained)
            End(SessionEnd.Drained, $"All buckets stand at {Position}, or apart.");
    }

    private void End(SessionEnd reason, string detail, LogPosition? cutAt = null)
    {
        Phase = SessionPhase.Over;
        Emit(new SessionEffect.End(reason, detail) { CutAt = cutAt });
    }

    private void Emit(SessionEffect effect) => _effects.Add(effect);

    static partial void Mistake<T>(string name, ref T decision, T wrong);
}
