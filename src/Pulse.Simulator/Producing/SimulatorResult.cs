using Pulse.Simulator.Generation;

namespace Pulse.Simulator.Producing;

/// <summary>How a run ended.</summary>
/// <param name="Produced">Records handed to the client.</param>
/// <param name="Delivered">Records that Kafka confirmed.</param>
/// <param name="Failure">One line for the user, or null when every produced record was delivered.</param>
/// <param name="Interrupted">Whether cancellation ended the run before its last record.</param>
/// <param name="Completed">Whether the completion event was delivered.</param>
/// <param name="Elapsed">From the first record to the last confirmation.</param>
/// <param name="Truth">The exact counts over the produced records; exact for Kafka only without failure.</param>
public sealed record SimulatorResult(
    long Produced,
    long Delivered,
    string? Failure,
    bool Interrupted,
    bool Completed,
    TimeSpan Elapsed,
    Truth Truth)
{
    /// <summary>The command's exit code: 0 when everything produced was delivered, otherwise 1.</summary>
    public int ExitCode => Failure is null ? 0 : 1;
}
