namespace Pulse.Warehouse;

/// <summary>How far the export of one date has come.</summary>
/// <param name="Step">What is being done.</param>
/// <param name="Rows">Rows read so far; from the end of staging on, all of them.</param>
/// <param name="Bytes">Bytes written aside, then bytes sent.</param>
/// <param name="JobId">The warehouse's load job; null where there is none.</param>
/// <param name="JobState">The job's state in the warehouse's words, such as <c>RUNNING</c>.</param>
/// <param name="Trouble">Why it is being repeated or was given up, in one line for people; null when all is well.</param>
public sealed record DateStatus(
    DateStep Step, long Rows = 0, long Bytes = 0, string? JobId = null, string? JobState = null, string? Trouble = null)
{
    /// <summary>For people, in one line.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{Step}, {Rows:N0} rows, {Bytes:N0} bytes")
        + (JobId is null ? "" : $", job {JobId} {JobState}") + (Trouble is null ? "" : $". {Trouble}");
}
