namespace Pulse.Verification;

/// <summary>What came of comparing the database with the log.</summary>
public enum Verdict
{
    /// <summary>Every number is the function of the log below the positions.</summary>
    Pass,

    /// <summary>The log refutes at least one number.</summary>
    Fail,

    /// <summary>Nothing is refuted, but the log no longer has everything that was counted.</summary>
    CannotSay,
}
