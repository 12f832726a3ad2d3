namespace Pulse.Warehouse;

/// <summary>
/// What a rollup's counts are known to be without, or to have too much of. Nobody knows the event times of records that are gone,
/// so it is said of every date.
/// </summary>
/// <param name="Lost">Records that retention took before they were counted.</param>
/// <param name="Cut">Records that were counted from a log that was cut: no more of them than these are in the counts besides those of the log.</param>
public readonly record struct KnownGaps(long Lost, long Cut)
{
    /// <summary>Whether every record of the log is counted, and none besides.</summary>
    public bool AreNone => this == default;

    /// <summary>For people: what is lacking, in a few words; empty where nothing is.</summary>
    public override string ToString() => AreNone ? "" : string.Join(", ", Parts());

    private IEnumerable<string> Parts()
    {
        if (Lost > 0)
            yield return FormattableString.Invariant($"without {Lost:N0} records that retention took before they were counted");
        if (Cut > 0)
            yield return FormattableString.Invariant($"with up to {Cut:N0} records of a log that was cut");
    }
}
