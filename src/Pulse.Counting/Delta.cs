namespace Pulse.Counting;

/// <summary>
/// The counts that one partition holds for one bucket between two positions: all of the bucket's events with
/// <c>From ≤ offset &lt; To</c>, and no others. Its content follows from the log alone, so that two deltas with the
/// same partition, bounds and bucket hold the same counts, whoever sends them.
/// </summary>
/// <param name="Partition">The partition.</param>
/// <param name="From">The position that the bucket must have to apply it.</param>
/// <param name="To">The position that the bucket has afterwards; greater than <paramref name="From"/>.</param>
/// <param name="Counts">The increments. A (key, window) can come more than once.</param>
/// <param name="Late">How many events were late: they are in no count.</param>
public sealed record Delta(StreamPartition Partition, long From, long To, IReadOnlyList<KeyCount> Counts, long Late = 0);
