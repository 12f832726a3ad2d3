using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Pulse.Counting;

/// <summary>
/// The bucket side of the counting protocol: counts and positions that change together, and what of it is durable.
/// Pure: no clock, no I/O.
/// </summary>
/// <remarks>
/// Invariants. Counts and late count equal exactly the bucket's events below its positions. A durable
/// position never goes back. Nothing is shown in a result table before a checkpoint that holds it is durable; so
/// whatever a crash forgets, no reader has seen.
/// </remarks>
public sealed class BucketLedger
{
    /// <summary>
    /// How many streams' positions are remembered. A topic made again is a new stream and its predecessor never comes
    /// back, so a few are plenty.
    /// </summary>
    public const int MaximumStreams = 8;

    private readonly ICountListener? _listener;
    private readonly Dictionary<Window, int> _keys = [];
    private readonly Dictionary<(RollupKey Key, Window Window), Cell> _counts = [];
    private List<(RollupKey Key, Window Window)> _changed = [];
    private readonly StreamPositions _positions = new(MaximumStreams);
    private readonly StreamPositions _durable = new(MaximumStreams);
    private IReadOnlyList<KeyCount> _unpublished = [];
    private bool _isPublished = true;
    private bool _hasUnstoredChanges;
    private BucketCheckpoint? _storing;

    /// <summary>Makes an empty ledger.</summary>
    /// <param name="listener">Is told every count as it changes; null: nobody is.</param>
    public BucketLedger(ICountListener? listener = null) => _listener = listener;

    /// <summary>How many events were late.</summary>
    public long LateCount { get; private set; }

    /// <summary>
    /// The late count that the stored checkpoint holds; to be shown beside <see cref="Unpublished"/>.
    /// </summary>
    public long DurableLateCount { get; private set; }

    /// <summary>How many keys the window has that has most.</summary>
    public int MostKeys { get; private set; }

    /// <summary>How many (key, window) counts are in memory.</summary>
    public int CountsInMemory => _counts.Count;

    /// <summary>Whether there is something that no durable checkpoint holds.</summary>
    public bool HasUnstoredChanges => _hasUnstoredChanges;

    /// <summary>Whether everything durable has reached the result tables.</summary>
    public bool IsPublished => _isPublished;

    /// <summary>Rows that are durable here but perhaps not in the result tables yet.</summary>
    public IReadOnlyList<KeyCount> Unpublished => _unpublished;

    /// <summary>The counts in memory.</summary>
    public IEnumerable<KeyCount> Counts =>
        _counts.Select(pair => new KeyCount(pair.Key.Key, pair.Key.Window, pair.Value.Count));

    /// <summary>The position in a partition, or -1 where the partition was never opened.</summary>
    public long Position(StreamPartition partition) => _positions[partition];

    /// <summary>The position in a partition that the stored checkpoint holds, or -1.</summary>
    public long DurablePosition(StreamPartition partition) => _durable[partition];

    /// <summary>
    /// Opens a partition: everything below its committed offset is in a durable checkpoint, so a bucket without any
    /// event below it holds all of none.
    /// </summary>
    /// <returns>The bucket's position: the sender skips events below it.</returns>
    public long Open(StreamPartition partition, long committed)
    {
        var position = Math.Max(_positions[partition], committed);
        _positions[partition] = position;
        _durable[partition] = Math.Max(_durable[partition], committed);
        return position;
    }

    /// <summary>Applies a delta if it is the next one of its partition.</summary>
    public DeltaOutcome Apply(Delta delta)
    {
        Debug.Assert(delta.To > delta.From, "A delta leads forward.");
        var position = _positions[delta.Partition];
        if (position >= delta.To)
            return DeltaOutcome.Duplicate;
        if (position != delta.From)
            return DeltaOutcome.Rejected;

        _positions[delta.Partition] = delta.To;
        _hasUnstoredChanges = true;
        LateCount += delta.Late;
        foreach (var (key, window, count) in delta.Counts)
        {
            Debug.Assert(count > 0, "An increment is positive.");
            Add(key, window, count);
        }

        return DeltaOutcome.Applied;
    }

    private void Add(RollupKey key, Window window, long count)
    {
        ref var counted = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, (key, window), out var isKnown);
        if (!isKnown)
            AddKey(window);
        counted.Count += count;
        _listener?.Counted(key, window, counted.Count, count);
        if (counted.IsChanged)
            return;
        counted.IsChanged = true;
        _changed.Add((key, window));
    }

    private void AddKey(Window window) =>
        MostKeys = Math.Max(MostKeys, ++CollectionsMarshal.GetValueRefOrAddDefault(_keys, window, out _));

    /// <summary>
    /// Takes what is to be stored next. It must be confirmed with <see cref="Stored"/> and <see cref="Published"/>
    /// before the next one is taken. Later deltas are not part of it.
    /// </summary>
    /// <param name="complete">
    /// False: the counts that changed since the last checkpoint. True: all counts in memory, so that the checkpoints
    /// before it are no longer needed.
    /// </param>
    public BucketCheckpoint TakeCheckpoint(bool complete)
    {
        Debug.Assert(_storing is null && _isPublished, "One checkpoint at a time, each published before the next.");
        _unpublished = TakeChanged();
        _hasUnstoredChanges = false;
        var counts = complete ? [.. Counts] : _unpublished;
        return _storing = new BucketCheckpoint(_positions.ToList(), counts, LateCount, complete);
    }

    private KeyCount[] TakeChanged()
    {
        var changed = new KeyCount[_changed.Count];
        for (var index = 0; index < changed.Length; index++)
        {
            ref var counted = ref CollectionsMarshal.GetValueRefOrNullRef(_counts, _changed[index]);
            counted.IsChanged = false;
            changed[index] = new KeyCount(_changed[index].Key, _changed[index].Window, counted.Count);
        }

        // A list that was once very long would keep its memory.
        _changed = [];
        return changed;
    }

    /// <summary>
    /// Takes the journal's confirmation: the checkpoint is durable, and its counts may be published. That the write
    /// succeeded is not all where older events are deleted, for that frees their numbers: before anything is published,
    /// the journal's highest sequence number must be the written one. Else this incarnation was superseded and must end.
    /// </summary>
    public void Stored()
    {
        Debug.Assert(_storing is not null, "Only a taken checkpoint is stored.");
        RaiseDurable(_storing.Positions);
        DurableLateCount = _storing.LateCount;
        _isPublished = false;
        _storing = null;
    }

    /// <summary>Takes the result tables' confirmation of <see cref="Unpublished"/>.</summary>
    public void Published()
    {
        _unpublished = [];
        _isPublished = true;
    }

    /// <summary>
    /// Recovers one stored checkpoint; in their order, all that the journal gives. A complete one replaces what came
    /// before it: where older ones were deleted, a stale incarnation may have written into the gap. The last one may not
    /// have been published before the crash, so its counts count as unpublished again.
    /// </summary>
    public void Recover(BucketCheckpoint checkpoint)
    {
        Debug.Assert(!_hasUnstoredChanges, "Recovery comes first.");
        if (checkpoint.IsComplete)
        {
            foreach (var (counted, cell) in _counts)
                _listener?.Recovered(counted.Window, -cell.Count);
            _counts.Clear();
            _keys.Clear();
            _positions.Clear();
            _durable.Clear();
        }

        foreach (var (key, window, count) in checkpoint.Counts)
        {
            ref var counted = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, (key, window), out var isKnown);
            if (!isKnown)
                AddKey(window);
            _listener?.Recovered(window, count - counted.Count);
            counted.Count = count;
        }

        foreach (var (partition, position) in checkpoint.Positions)
            _positions[partition] = position;
        RaiseDurable(checkpoint.Positions);
        LateCount = DurableLateCount = checkpoint.LateCount;
        _unpublished = checkpoint.Counts;
        _isPublished = false;
    }

    /// <summary>Tells the listener again every count that is perhaps not in the result tables yet.</summary>
    public void TellUnpublished()
    {
        foreach (var counted in _unpublished.Select(count => (count.Key, count.Window)).Concat(_changed))
        {
            if (_counts.TryGetValue(counted, out var cell))
                _listener?.Counted(counted.Key, counted.Window, cell.Count, increase: 0);
        }
    }

    private void RaiseDurable(IReadOnlyList<PartitionPosition> positions)
    {
        foreach (var (partition, position) in positions)
            _durable[partition] = Math.Max(_durable[partition], position);
    }

    private struct Cell
    {
        public long Count;

        /// <summary>Whether it is in <see cref="_changed"/>.</summary>
        public bool IsChanged;
    }
}
