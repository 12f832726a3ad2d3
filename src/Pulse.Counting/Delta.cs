namespace Pulse.Counting;

/// <summary>
/// What the records of one partition between two positions mean to one bucket. Its content follows from the log and
/// the version's declaration alone, whoever sends it.
/// </summary>
/// <param name="Partition">The partition.</param>
/// <param name="Version">The version by whose declaration the records were counted.</param>
/// <param name="From">The position that the bucket must have to apply it.</param>
/// <param name="To">The position that the bucket has afterwards; not before <paramref name="From"/>.</param>
/// <param name="Balance">What became of the records that are booked in this bucket.</param>
/// <param name="Counts">The increments; each is positive. A (key, window) can come more than once.</param>
/// <param name="Gaps">Offsets between the positions that the log no longer had; mostly none.</param>
public sealed record Delta(
    StreamPartition Partition,
    VersionDigest Version,
    LogPosition From,
    LogPosition To,
    Balance Balance,
    IReadOnlyList<KeyCount> Counts,
    IReadOnlyList<Gap> Gaps)
{
    /// <summary>The most that a delta takes when it is written down, in bytes: it ends before the record that would pass it.</summary>
    public const int MaximumBytes = 64 * 1024;

    /// <summary>What it takes when it is written down, rather too many bytes than too few.</summary>
    public int EncodedBytes
    {
        get
        {
            var bytes = DeltaSize.BytesPerDelta + (Gaps.Count * DeltaSize.BytesPerGap);
            foreach (var count in Counts)
                bytes += count.Key.EncodedBytes + DeltaSize.BytesPerKey + DeltaSize.BytesPerCount;
            return bytes;
        }
    }
}
