namespace Pulse.Counting;

/// <summary>
/// Counts and positions of a bucket that become durable together, as one journal event. It holds the counts that
/// changed since the checkpoint before, or all that are in memory; values are absolute, so that recovering is
/// overwriting.
/// </summary>
/// <param name="Positions">All positions, in the order in which their streams were first opened.</param>
/// <param name="Counts">Absolute counts of windows.</param>
/// <param name="LateCount">All late events.</param>
/// <param name="IsComplete">Whether <paramref name="Counts"/> are all counts, so that nothing before matters.</param>
public sealed record BucketCheckpoint(
    IReadOnlyList<PartitionPosition> Positions,
    IReadOnlyList<KeyCount> Counts,
    long LateCount,
    bool IsComplete);
