namespace Pulse.Verification;

/// <summary>What came of one rollup.</summary>
/// <param name="Rollup">Its name.</param>
/// <param name="Verdict">The verdict.</param>
/// <param name="Cells">How many cells of its table were judged; those that only the log has are among them.</param>
/// <param name="Records">How many of the log's records it has consumed.</param>
/// <param name="Counted">How many of them are in windows.</param>
/// <param name="DifferenceCount">How many of its numbers the log refutes.</param>
/// <param name="Differences">The first of them.</param>
/// <param name="Gone">The offsets that it may have counted and that can't be read any more.</param>
/// <param name="Cuts">The offsets that it counted from a log that was cut: their records are still in its numbers.</param>
/// <param name="EarlierWindows">The windows in which the first edition of Pulse may have counted, by their ends.</param>
/// <param name="Positions">Where its buckets stand.</param>
public sealed record RollupReport(
    string Rollup,
    Verdict Verdict,
    long Cells,
    long Records,
    long Counted,
    long DifferenceCount,
    IReadOnlyList<Difference> Differences,
    IReadOnlyList<GoneRange> Gone,
    IReadOnlyList<GoneRange> Cuts,
    IReadOnlyList<DateTime> EarlierWindows,
    IReadOnlyList<PartitionPositions> Positions);
