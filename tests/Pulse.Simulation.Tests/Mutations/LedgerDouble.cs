using Pulse.Counting;

namespace Pulse.Simulation.Tests.Mutations;

/// <summary>A plain second ledger after the same design, with a switch for each mistake that can be made in it.</summary>
internal sealed class LedgerDouble(Mutation mutation) : ILedger
{
    private readonly Dictionary<(RollupKey, Window), long> _counts = [];
    private readonly Dictionary<StreamPartition, long> _positions = [];
    private readonly Dictionary<StreamPartition, long> _durable = [];
    private readonly HashSet<(RollupKey, Window)> _changed = [];
    private BucketCheckpoint? _storing;
    private long _durableLateCount;

    public long LateCount { get; private set; }

    public long DurableLateCount => mutation == Mutation.LiveLateCountIsShown ? LateCount : _durableLateCount;

    public bool HasUnstoredChanges { get; private set; }

    public bool IsPublished { get; private set; } = true;

    public IReadOnlyList<KeyCount> Unpublished { get; private set; } = [];

    public IEnumerable<KeyCount> Counts => _counts.Select(pair => Counted(pair.Key));

    public long Position(StreamPartition partition) => _positions.GetValueOrDefault(partition, -1);

    public long DurablePosition(StreamPartition partition) => _durable.GetValueOrDefault(partition, -1);

    public long Open(StreamPartition partition, long committed)
    {
        Raise(_durable, partition, committed);
        if (mutation == Mutation.OpenWithoutMaximum)
            return _positions[partition] = committed;
        Raise(_positions, partition, committed);
        return _positions[partition];
    }

    public DeltaOutcome Apply(Delta delta)
    {
        var position = Position(delta.Partition);
        if (position >= delta.To && mutation != Mutation.DuplicatesAreApplied)
            return DeltaOutcome.Duplicate;
        if (position < delta.From && mutation != Mutation.GapsAreApplied)
            return DeltaOutcome.Rejected;
        if (position > delta.From && mutation != Mutation.DuplicatesAreApplied)
            return DeltaOutcome.Rejected;

        _positions[delta.Partition] = delta.To;
        HasUnstoredChanges = true;
        LateCount += mutation == Mutation.LateEventsAreDropped ? 0 : delta.Late;
        foreach (var (key, window, count) in delta.Counts)
        {
            _counts[(key, window)] = _counts.GetValueOrDefault((key, window)) + count;
            _changed.Add((key, window));
        }

        return DeltaOutcome.Applied;
    }

    public BucketCheckpoint TakeCheckpoint(bool complete)
    {
        Unpublished = [.. _changed.Select(Counted)];
        if (mutation != Mutation.ChangesClearedWhenStored)
            _changed.Clear();
        HasUnstoredChanges = false;
        return _storing = new BucketCheckpoint(
            mutation == Mutation.PositionsAreNotStored
                ? []
                : [.. _positions.Select(pair => new PartitionPosition(pair.Key, pair.Value))],
            complete ? [.. Counts] : Unpublished,
            LateCount,
            complete);
    }

    public void Stored()
    {
        if (mutation == Mutation.ChangesClearedWhenStored)
            _changed.Clear();
        foreach (var (partition, position) in _storing!.Positions)
            Raise(_durable, partition, position);
        if (mutation == Mutation.PositionsAreNotStored)
        {
            foreach (var (partition, position) in _positions)
                Raise(_durable, partition, position);
        }

        _durableLateCount = _storing.LateCount;
        IsPublished = false;
    }

    public void Published()
    {
        IsPublished = true;
        Unpublished = [];
    }

    public void Recover(BucketCheckpoint checkpoint)
    {
        if (checkpoint.IsComplete && mutation != Mutation.CompleteCheckpointMerges)
        {
            _counts.Clear();
            _positions.Clear();
            _durable.Clear();
        }

        foreach (var (key, window, count) in checkpoint.Counts)
            _counts[(key, window)] = count;
        foreach (var (partition, position) in checkpoint.Positions)
        {
            _positions[partition] = position;
            Raise(_durable, partition, position);
        }

        LateCount = _durableLateCount = checkpoint.LateCount;
        Unpublished = checkpoint.Counts;
        IsPublished = false;
    }

    private KeyCount Counted((RollupKey Key, Window Window) counted) =>
        new(counted.Key, counted.Window, _counts[counted]);

    private static void Raise(Dictionary<StreamPartition, long> positions, StreamPartition partition, long position) =>
        positions[partition] = Math.Max(positions.GetValueOrDefault(partition, -1), position);
}
