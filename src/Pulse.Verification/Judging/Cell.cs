namespace Pulse.Verification.Judging;

/// <summary>A count as the table has it, and as the log has it.</summary>
internal struct Cell
{
    /// <summary>The table's.</summary>
    public long Stored;

    /// <summary>The log's.</summary>
    public long Seen;
}
