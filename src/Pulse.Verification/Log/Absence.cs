namespace Pulse.Verification.Log;

/// <summary>Why offsets have no record for a reader.</summary>
internal enum Absence
{
    /// <summary>The log begins above them.</summary>
    Removed,

    /// <summary>
    /// They lie between records: what ends a transaction, records of one that was aborted, or what a compaction removed.
    /// </summary>
    Hole,

    /// <summary>The log ends below them.</summary>
    BeyondEnd,
}
