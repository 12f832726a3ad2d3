namespace Pulse.Verification;

/// <summary>What came of comparing the database with the log.</summary>
/// <param name="Verdict">The verdict: the worst of the rollups'.</param>
/// <param name="Stream">The stream that the log is.</param>
/// <param name="Records">How many records were read.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Rollups">Each rollup.</param>
/// <param name="Doubts">Why nothing can be said of some numbers, beside the offsets that are gone; a line each.</param>
public sealed record VerificationReport(
    Verdict Verdict,
    string Stream,
    long Records,
    TimeSpan Duration,
    IReadOnlyList<RollupReport> Rollups,
    IReadOnlyList<string> Doubts);
