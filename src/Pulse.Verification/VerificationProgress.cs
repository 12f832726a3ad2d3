namespace Pulse.Verification;

/// <summary>How far the log is read.</summary>
/// <param name="Read">Offsets that are done with.</param>
/// <param name="Total">All offsets below the positions that the log still has.</param>
public readonly record struct VerificationProgress(long Read, long Total);
