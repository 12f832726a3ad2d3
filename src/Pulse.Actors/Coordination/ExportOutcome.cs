using Pulse.Actors.Ingest;
using System.Collections.Immutable;

namespace Pulse.Actors.Coordination;

/// <summary>How the round of one completion ended.</summary>
/// <param name="Completion">The completion.</param>
/// <param name="StartedUtc">When the completion was accepted, UTC.</param>
/// <param name="EndedUtc">When the round ended, UTC.</param>
/// <param name="Rollups">What is in the warehouse of it, by rollup name; with a failure perhaps not all.</param>
/// <param name="Failure">Why it was given up, in one line for people; null when everything is in the warehouse.</param>
public sealed record ExportOutcome(
    CompletionId Completion,
    DateTime StartedUtc,
    DateTime EndedUtc,
    ImmutableArray<RollupExport> Rollups,
    string? Failure)
{
    /// <summary>Whether everything is in the warehouse.</summary>
    public bool Succeeded => Failure is null;

    /// <summary>From the completion's acceptance to the end, the wait for stragglers included.</summary>
    public TimeSpan Duration => EndedUtc - StartedUtc;
}
