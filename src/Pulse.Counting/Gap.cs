namespace Pulse.Counting;

/// <summary>Records that the log no longer had when a bucket came to them; they count as none.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="From">The first offset that was gone.</param>
/// <param name="To">The first offset that was there again.</param>
public readonly record struct Gap(StreamPartition Partition, long From, long To);
