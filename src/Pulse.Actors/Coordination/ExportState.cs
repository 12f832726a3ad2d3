using System.Collections.Immutable;

namespace Pulse.Actors.Coordination;

/// <summary>What the coordinator is doing, as of one moment. Immutable.</summary>
/// <param name="Progress">The completion at work and how far it has come; null when there is none.</param>
/// <param name="WaitingCompletions">How many accepted completions wait for their turn behind it.</param>
/// <param name="LastOutcome">How the last export ended; null before the first.</param>
/// <param name="Trouble">What is being retried and why, in one line for people; null when all is well.</param>
public sealed record ExportState(
    ExportProgress? Progress, int WaitingCompletions, ExportOutcome? LastOutcome, string? Trouble)
{
    /// <summary>
    /// Where every date stands, of the round at work or else of the last one that this coordinator worked on, by date
    /// and rollup. From the coordinator come the first ones, as many as fit into a message.
    /// </summary>
    public ImmutableArray<DateProgress> Dates { get; init; } = [];

    /// <summary>How many dates there are; the coordinator tells the others to whoever asks by <see cref="GetExportDates"/>.</summary>
    public int DateCount { get; init; }
}
