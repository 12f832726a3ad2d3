namespace Pulse.Verification;

/// <summary>What is verified against what.</summary>
/// <param name="Log">The topic.</param>
/// <param name="Database">The database.</param>
public sealed record VerificationRequest(LogAddress Log, DatabaseAddress Database)
{
    /// <summary>The one rollup that is judged, in any case of letters; null for all, the ledger of dead letters among them.</summary>
    public string? Rollup { get; init; }

    /// <summary>Rollups that should be in the database: one that is not there is said.</summary>
    public IReadOnlyList<string> Expected { get; init; } = [];

    /// <summary>Only windows that end at or after this instant, in Unix milliseconds; null: from the first on.</summary>
    public long? From { get; init; }

    /// <summary>Only windows that end before this instant, in Unix milliseconds; null: up to the last.</summary>
    public long? Before { get; init; }
}
