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
public sealed record Delta(StreamPartition Partition, long From, long To, IReadOnlyList<KeyCount> Counts, long Late = 0)
{
    /// <summary>
    /// A delta ends with the record that brings its size in a message to this; so it fits into a frame of 128 kB, and no
    /// message is ever cut into parts that must meet again.
    /// </summary>
    public const int MaximumBytes = 64 * 1024;

    /// <summary>About how many bytes it takes in a message, rather too many than too few.</summary>
    public int EncodedBytes
    {
        get
        {
            var bytes = 0;
            foreach (var count in Counts)
                bytes += count.Key.EncodedBytes + KeyCount.NumberBytes;
            return bytes;
        }
    }
}
