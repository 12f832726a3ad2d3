namespace Pulse.Actors.Storage.Gaps;

/// <summary>Why buckets have not counted what the log has, or had, at some offsets.</summary>
public enum GapKind
{
    /// <summary>The log had removed the records before they were counted: they are in no count.</summary>
    Retention,

    /// <summary>
    /// The log was cut below what was counted, and an operator accepted it: what was counted from these offsets before is still in
    /// the counts, and what the log has there now is counted besides.
    /// </summary>
    Cut,
}
