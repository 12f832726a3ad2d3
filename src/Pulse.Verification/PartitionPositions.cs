namespace Pulse.Verification;

/// <summary>Where the buckets of a rollup stand in a partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Least">The least position.</param>
/// <param name="Greatest">The greatest position.</param>
public sealed record PartitionPositions(int Partition, long Least, long Greatest);
