using Pulse.Counting;

namespace Pulse.Simulation.Tests.Mutations;

/// <summary>What a bucket's shell needs of a ledger, so that a mutated double can take the place of the real one.</summary>
internal interface ILedger
{
    long LateCount { get; }

    long DurableLateCount { get; }

    bool HasUnstoredChanges { get; }

    bool IsPublished { get; }

    IReadOnlyList<KeyCount> Unpublished { get; }

    IEnumerable<KeyCount> Counts { get; }

    long Position(StreamPartition partition);

    long DurablePosition(StreamPartition partition);

    long Open(StreamPartition partition, long committed);

    DeltaOutcome Apply(Delta delta);

    BucketCheckpoint TakeCheckpoint(bool complete);

    void Stored();

    void Published();

    void Recover(BucketCheckpoint checkpoint);
}
