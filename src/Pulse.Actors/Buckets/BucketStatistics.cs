using System.Collections.Concurrent;
using System.Globalization;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>What the buckets of this node do, for people and telemetry.</summary>
public sealed class BucketStatistics
{
    private readonly ConcurrentDictionary<string, RollupStatistics> _rollups = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<BucketId, string> _standing = new();
    private readonly ConcurrentDictionary<BucketId, string> _apart = new();
    private string? _unconfirmed;
    private int _running;
    private int _isFull;
    private long _checkpoints;
    private long _storedCells;
    private long _failedStatements;
    private long _lastCheckpointTicks;

    /// <summary>The part of the memory which the process may use that may hold what is not stored: a quarter.</summary>
    public const int PartOfMemory = 4;

    /// <summary>What the buckets here hold that is not stored.</summary>
    public UnstoredMemory Unstored { get; init; } = new(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / PartOfMemory);

    /// <summary>
    /// Why nothing more is counted here, in one line: so much is not stored that no bucket takes more. Null while that is not so, and again once
    /// half of it is stored.
    /// </summary>
    public string? FullProblem => Volatile.Read(ref _isFull) == 0 ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"What is counted and not stored fills the {Unstored.MaximumBytes >> 20:N0} MiB that this node has for it. It counts nothing more until some of it is stored.");

    /// <summary>Buckets in memory on this node.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Checkpoints stored since the node started.</summary>
    public long Checkpoints => Interlocked.Read(ref _checkpoints);

    /// <summary>When a checkpoint was last stored, UTC; null before the first.</summary>
    public DateTime? LastCheckpoint =>
        Interlocked.Read(ref _lastCheckpointTicks) is > 0 and var ticks ? new DateTime(ticks, DateTimeKind.Utc) : null;

    /// <summary>What they counted, by rollup; rollups without any bucket here so far are absent.</summary>
    public IReadOnlyCollection<RollupStatistics> Rollups => [.. _rollups.Values];

    /// <summary>The buckets here that stand still, by name.</summary>
    public IReadOnlyList<StandingBucket> Standing =>
    [
        .. _standing.OrderBy(each => each.Key.Rollup, StringComparer.Ordinal).ThenBy(each => each.Key.Number)
            .Select(each => new StandingBucket(each.Key.EntityId, each.Value)),
    ];

    /// <summary>
    /// Why Kafka does not say which stream the topic is, in one line: until it does, what was counted is kept in memory and not
    /// stored. Null while it does. Written by the node's <see cref="CheckpointWriter"/>.
    /// </summary>
    public string? Unconfirmed
    {
        get => Volatile.Read(ref _unconfirmed);
        internal set => Volatile.Write(ref _unconfirmed, value);
    }

    /// <summary>Why buckets stand still, in one line; null while none does.</summary>
    public string? Problem
    {
        get
        {
            var standing = Standing;
            return standing.Count switch
            {
                0 => Unconfirmed is { } reason ? $"What was counted can't be confirmed, and is not stored. {reason}" : null,
                1 => standing[0].Problem,
                _ => $"{standing[0].Problem} {standing.Count - 1} more stand still.",
            };
        }
    }

    /// <summary>The rollups of which something here is refused, by name; the others are stored.</summary>
    public IReadOnlyList<RollupApart> Apart =>
    [
        .. from bucket in _apart
           orderby bucket.Key.Number
           group bucket by bucket.Key.Rollup into ofRollup
           orderby ofRollup.Key
           select new RollupApart(ofRollup.Key, [.. ofRollup.Select(each => each.Key.EntityId)], ProblemOf([.. ofRollup])),
    ];

    /// <summary>Which rollups stand apart, and why the first one does, in one line; null while none does.</summary>
    public string? ApartProblem
    {
        get
        {
            var apart = Apart;
            return apart.Count switch
            {
                0 => null,
                1 => apart[0].Problem,
                _ => $"{apart[0].Problem} So {(apart.Count == 2 ? "does" : "do")} {string.Join(", ", apart.Skip(1).Select(each => each.Rollup))}.",
            };
        }
    }

    /// <summary>Notes how much is not stored now.</summary>
    /// <returns>Whether it is news that no bucket takes more, or that this is over.</returns>
    internal bool FillsOrEmpties()
    {
        var wasFull = Volatile.Read(ref _isFull);
        var isFull = wasFull == 0 ? Unstored.IsFull : Unstored.Bytes > Unstored.MaximumBytes / 2;
        return (wasFull != 0) != isFull && Interlocked.CompareExchange(ref _isFull, isFull ? 1 : 0, wasFull) == wasFull;
    }

    /// <summary>Notes that what a bucket has is refused.</summary>
    /// <returns>Whether that is news.</returns>
    internal bool StandsApart(BucketId bucket, string problem)
    {
        var isKnown = _apart.ContainsKey(bucket);
        _apart[bucket] = problem;
        return !isKnown;
    }

    /// <summary>Notes that a bucket has stored what was refused, or is not here any more.</summary>
    /// <returns>Whether it stood apart.</returns>
    internal bool TakesPart(BucketId bucket) => _apart.TryRemove(bucket, out _);

    private static string ProblemOf(IReadOnlyList<KeyValuePair<BucketId, string>> buckets) => string.Create(
        CultureInfo.InvariantCulture,
        $"Rollup {buckets[0].Key.Rollup} stands apart: what bucket {buckets[0].Key.EntityId} has to store is refused"
        + $"{(buckets.Count > 1 ? $", and that of {buckets.Count - 1} more" : "")}. {buckets[0].Value}");

    /// <summary>Notes that a bucket stands still.</summary>
    /// <returns>Whether that is news.</returns>
    internal bool StandsStill(BucketId bucket, string problem)
    {
        var isKnown = _standing.TryGetValue(bucket, out var before) && before == problem;
        _standing[bucket] = problem;
        return !isKnown;
    }

    /// <summary>Notes that a bucket has its row, or is not here any more.</summary>
    /// <returns>Whether it stood still.</returns>
    internal bool GoesOn(BucketId bucket) => _standing.TryRemove(bucket, out _);

    internal RollupStatistics Of(string rollup) => _rollups.GetOrAdd(rollup, name => new RollupStatistics(name));

    internal void Started() => Interlocked.Increment(ref _running);

    internal void Stopped() => Interlocked.Decrement(ref _running);

    /// <summary>Cells stored since the node started.</summary>
    public long StoredCells => Interlocked.Read(ref _storedCells);

    /// <summary>Checkpoints since the node started whose outcome was unknown at first.</summary>
    public long FailedStatements => Interlocked.Read(ref _failedStatements);

    internal void Failed() => Interlocked.Increment(ref _failedStatements);

    internal void Stored(int cells)
    {
        Interlocked.Increment(ref _checkpoints);
        Interlocked.Add(ref _storedCells, cells);
        Interlocked.Exchange(ref _lastCheckpointTicks, DateTime.UtcNow.Ticks);
    }
}
