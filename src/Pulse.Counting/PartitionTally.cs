using System.Diagnostics;

namespace Pulse.Counting;

/// <summary>
/// The ingest side of the counting protocol for one session of one partition: counts events in offset order, says
/// which bucket to open, gives deltas, and says which offset may be committed. Pure: no clock, no I/O.
/// </summary>
/// <remarks>
/// Invariants. Every event below <see cref="Position"/> was sent, skipped because its bucket holds it already, or
/// waits for its bucket to open. Every event below <see cref="Committed"/> is in a durable checkpoint. Deltas are kept
/// until they are accepted: where a bucket missed some, they are sent again. Where it forgot accepted ones, the session
/// ends; the next one starts anew at the committed offset and shares nothing with it.
/// </remarks>
public sealed class PartitionTally
{
    private readonly Dictionary<BucketId, BucketTally> _buckets = [];
    private readonly List<BucketTally> _toOpen = [];
    private readonly List<BucketTally> _toSend = [];
    private readonly HashSet<BucketTally> _opening = [];
    private readonly List<BucketTally> _sentAgain = [];
    private readonly Dictionary<BucketId, long> _unpersisted = [];
    private long _committing = -1;

    /// <summary>Starts a session.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="committed">The committed offset, at which reading starts.</param>
    public PartitionTally(StreamPartition partition, long committed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(committed);
        Partition = partition;
        Position = Committed = committed;
    }

    /// <summary>The partition.</summary>
    public StreamPartition Partition { get; }

    /// <summary>The next offset not yet handled.</summary>
    public long Position { get; private set; }

    /// <summary>The offset below which every event is in a durable checkpoint, as committed to Kafka.</summary>
    public long Committed { get; private set; }

    /// <summary>How many deltas were sent and not yet accepted.</summary>
    public int Unaccepted { get; private set; }

    /// <summary>How many events wait for their bucket's position.</summary>
    public int Waiting { get; private set; }

    /// <summary>How many increments were skipped because their bucket holds them already: what a replay repeats.</summary>
    public long Skipped { get; private set; }

    /// <summary>How many buckets the session has met.</summary>
    public int BucketCount => _buckets.Count;

    /// <summary>Whether a commit was begun and neither finished nor abandoned.</summary>
    public bool IsCommitting => _committing >= 0;

    /// <summary>Whether there is anything that a commit could make durable.</summary>
    public bool HasUncommitted => Position > Committed;

    /// <summary>The tally of one key, made on first use; to be kept by the caller for <see cref="Count"/>.</summary>
    public KeyTally Key(BucketId bucket, RollupKey key)
    {
        if (!_buckets.TryGetValue(bucket, out var tally))
        {
            tally = new BucketTally(bucket, Partition);
            _buckets.Add(bucket, tally);
            _toOpen.Add(tally);
            _opening.Add(tally);
        }

        return new KeyTally(tally, key);
    }

    /// <summary>Counts one event for one key. Hot path.</summary>
    /// <param name="key">From <see cref="Key"/> of this session.</param>
    /// <param name="window">The event's window; null where the event is late.</param>
    /// <param name="offset">The event's offset, at or after <see cref="Position"/>.</param>
    public void Count(KeyTally key, Window? window, long offset)
    {
        Debug.Assert(offset >= Position, "An event below the position was handled already.");
        var bucket = key.Bucket;
        var isHeld = offset < bucket.Position;
        if (bucket.Add(key, window, offset))
            _toSend.Add(bucket);
        else if (isHeld)
            NotNow(bucket);
    }

    /// <summary>Says that all records below an offset were handled.</summary>
    /// <param name="position">The next offset; never less than before.</param>
    public void Advance(long position)
    {
        Debug.Assert(position >= Position, "A position never goes back within a session.");
        Position = position;
    }

    /// <summary>The buckets met since the last call: each is to be sent <c>Open(partition, committed)</c>.</summary>
    public IReadOnlyList<BucketId> TakeBucketsToOpen()
    {
        if (_toOpen.Count == 0)
            return [];
        var buckets = _toOpen.ConvertAll(bucket => bucket.Id);
        _toOpen.Clear();
        return buckets;
    }

    /// <summary>The buckets that have not said their position yet: to be asked again after a while.</summary>
    public IReadOnlyList<BucketId> BucketsStillOpening() => [.. _opening.Select(bucket => bucket.Id)];

    /// <summary>Takes a bucket's answer to Open; a second answer is ignored.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="position">Its position in this partition.</param>
    public void Opened(BucketId bucket, long position)
    {
        if (!_buckets.TryGetValue(bucket, out var tally) || !_opening.Remove(tally))
            return;

        Waiting -= tally.WaitingCount;
        if (tally.Open(position, out var skipped))
            _toSend.Add(tally);
        Skipped += skipped;
    }

    /// <summary>Takes the deltas of all open buckets with changes; each is to be sent once, in this order.</summary>
    public IReadOnlyList<(BucketId Bucket, Delta Delta)> TakeDeltas()
    {
        if (_toSend.Count == 0)
            return [];
        var deltas = new List<(BucketId, Delta)>(_toSend.Count);
        foreach (var bucket in _toSend)
        {
            foreach (var delta in bucket.TakeDeltas(Position))
                deltas.Add((bucket.Id, delta));
        }

        _toSend.Clear();
        Unaccepted += deltas.Count;
        return deltas;
    }

    /// <summary>Takes a bucket's word that it holds all of its events below a position; saying it again changes nothing.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="position">Its position in this partition.</param>
    public void Accepted(BucketId bucket, long position)
    {
        if (_buckets.TryGetValue(bucket, out var tally))
            Unaccepted -= tally.Accepted(position);
    }

    /// <summary>Takes a bucket's word that a delta or a request does not follow on its position.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="position">Its position in this partition.</param>
    /// <returns>
    /// The deltas that are to be sent again, in this order and after <c>Open(partition, committed)</c>, which the bucket may
    /// have forgotten; empty where that was done already. Null: none leads on from there, since the bucket forgot what it
    /// had accepted or somebody else counted on; the session must end.
    /// </returns>
    public IReadOnlyList<Delta>? Rejected(BucketId bucket, long position)
    {
        if (!_buckets.TryGetValue(bucket, out var tally))
            return null;
        Unaccepted -= tally.Accepted(Math.Max(position, Committed));
        var again = tally.From(position, Committed);
        if (again is { Count: > 0 })
            _sentAgain.Add(tally);
        return again;
    }

    /// <summary>Answers have been awaited long enough: what was sent again is taken for lost where it is rejected again.</summary>
    public void MaySendAgain()
    {
        _sentAgain.ForEach(bucket => bucket.MaySendAgain());
        _sentAgain.Clear();
    }

    /// <summary>
    /// Begins a commit: says which buckets must be durable, and past which offset. All deltas must have been taken
    /// before, so that a bucket receives its events before it is asked to store them.
    /// </summary>
    /// <returns>
    /// Every bucket that had an event since the last commit, <em>sent or skipped</em>: a skipped event is in the
    /// bucket's memory, but perhaps not stored. Empty where no bucket had one; then <see cref="CommittableOffset"/>
    /// is there at once, unless nothing can be committed.
    /// </returns>
    public IReadOnlyList<PersistRequest> BeginCommit()
    {
        Debug.Assert(_toSend.Count == 0, "Deltas are taken before a commit begins.");
        _unpersisted.Clear();

        // Events of buckets that are still opening were not sent, so the commit stops short of them.
        var limit = Position;
        foreach (var bucket in _opening)
            limit = Math.Min(limit, bucket.FirstWaiting);
        _committing = limit > Committed ? limit : -1;
        if (!IsCommitting)
            return [];

        foreach (var bucket in _buckets.Values)
        {
            if (bucket.IsOpen && bucket.LastEvent >= Committed)
                _unpersisted.Add(bucket.Id, bucket.LastEvent + 1);
        }

        return UnansweredPersists();
    }

    /// <summary>The requests of the commit under way that were not answered: to be sent again after a while.</summary>
    public IReadOnlyList<PersistRequest> UnansweredPersists() =>
        [.. _unpersisted.Select(pair => new PersistRequest(pair.Key, pair.Value))];

    /// <summary>Takes a bucket's word of what its stored checkpoint holds.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="position">The position in this partition that is durable.</param>
    public void Persisted(BucketId bucket, long position)
    {
        if (_unpersisted.TryGetValue(bucket, out var upTo) && position >= upTo)
            _unpersisted.Remove(bucket);
    }

    /// <summary>The offset to commit to Kafka: there once every bucket of the commit under way is durable.</summary>
    public long? CommittableOffset => IsCommitting && _unpersisted.Count == 0 ? _committing : null;

    /// <summary>Takes Kafka's confirmation of the commit under way.</summary>
    public void CommitSucceeded()
    {
        Debug.Assert(CommittableOffset is not null, "Only a committable offset is committed.");
        Committed = _committing;
        _committing = -1;
    }

    /// <summary>Gives the commit under way up, because Kafka refused it; the next one covers it.</summary>
    public void CommitFailed()
    {
        _unpersisted.Clear();
        _committing = -1;
    }

    private void NotNow(BucketTally bucket)
    {
        if (bucket.IsOpen)
            Skipped++;
        else
            Waiting++;
    }
}
