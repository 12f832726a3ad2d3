using Pulse.Counting;

namespace Pulse.Simulation.Tests.Mutations;

/// <summary>The production ledger, unchanged.</summary>
internal sealed class ProductionLedger : ILedger
{
    private readonly BucketLedger _ledger = new();

    public long LateCount => _ledger.LateCount;

    public long DurableLateCount => _ledger.DurableLateCount;

    public bool HasUnstoredChanges => _ledger.HasUnstoredChanges;

    public bool IsPublished => _ledger.IsPublished;

    public IReadOnlyList<KeyCount> Unpublished => _ledger.Unpublished;

    public IEnumerable<KeyCount> Counts => _ledger.Counts;

    public long Position(StreamPartition partition) => _ledger.Position(partition);

    public long DurablePosition(StreamPartition partition) => _ledger.DurablePosition(partition);

    public long Open(StreamPartition partition, long committed) => _ledger.Open(partition, committed);

    public DeltaOutcome Apply(Delta delta) => _ledger.Apply(delta);

    public BucketCheckpoint TakeCheckpoint(bool complete) => _ledger.TakeCheckpoint(complete);

    public void Stored() => _ledger.Stored();

    public void Published() => _ledger.Published();

    public void Recover(BucketCheckpoint checkpoint) => _ledger.Recover(checkpoint);
}
