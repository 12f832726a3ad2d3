using Pulse.Counting;

namespace Pulse.Simulation.Tests.Mutations;

/// <summary>A ledger that takes a topic made again for the old one: it only looks at the partition's number.</summary>
internal sealed class SingleStreamLedger(ILedger ledger) : ILedger
{
    public long LateCount => ledger.LateCount;

    public long DurableLateCount => ledger.DurableLateCount;

    public bool HasUnstoredChanges => ledger.HasUnstoredChanges;

    public bool IsPublished => ledger.IsPublished;

    public IReadOnlyList<KeyCount> Unpublished => ledger.Unpublished;

    public IEnumerable<KeyCount> Counts => ledger.Counts;

    public long Position(StreamPartition partition) => ledger.Position(Single(partition));

    public long DurablePosition(StreamPartition partition) => ledger.DurablePosition(Single(partition));

    public long Open(StreamPartition partition, long committed) => ledger.Open(Single(partition), committed);

    public DeltaOutcome Apply(Delta delta) => ledger.Apply(delta with { Partition = Single(delta.Partition) });

    public BucketCheckpoint TakeCheckpoint(bool complete) => ledger.TakeCheckpoint(complete);

    public void Stored() => ledger.Stored();

    public void Published() => ledger.Published();

    public void Recover(BucketCheckpoint checkpoint) => ledger.Recover(checkpoint);

    private static StreamPartition Single(StreamPartition partition) => partition with { Stream = "topic-0" };
}
