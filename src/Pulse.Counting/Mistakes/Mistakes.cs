#if PULSE_MISTAKES
namespace Pulse.Counting;

/// <summary>
/// Mistakes that can be made in the protocol, one at a time, to show that its simulation notices. They exist where this
/// symbol is defined and nowhere else: the calls are those of partial methods that have no body otherwise.
/// </summary>
internal static class Mistakes
{
    [ThreadStatic]
    private static string? s_made;

    /// <summary>All of them, by name.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        // Which deltas a bucket applies.
        "AppliedWhenInside", "AppliedWhenBefore", "EpochOfDeltaNotCompared", "VersionNotCompared", "OldStreamTaken", "FullBucketTakesMore",
        "FullNodeTakesMore",

        // What a statement holds.
        "PositionsNotStored", "GapsNotStored", "BalanceNotStored", "FrozenStaysUnstored", "QuietPositionsNotStored",

        // Freeze, ask, store.
        "IdentityAskedBeforeFreeze", "IdentityNotCompared",

        // Whether it was executed.
        "LostMeansStored", "LostMeansFailed", "LostAdoptsTheValueRead", "RetryGrows", "RetryHasNewPositions", "RetryHasAnotherName",

        // Whose row it is.
        "OldTakeoverCounts", "OldLookCounts", "IdleBucketNeverLooks", "OvertakenKeepsUnstored", "ForgottenStaysUnstored", "StopsWithUnstored",

        // What others are told.
        "UnstoredSaidStored", "UnknownCellsAreShown", "CellsOfAnotherSnapshot",

        // Where a session reads.
        "ReadsFromTheGreatestPosition", "ReadsFromItsOwnPosition", "LessIgnored", "MissingRecordsNotNoticed",

        // What a session sends.
        "HeldRecordsCounted", "SkippedKeepsCounts", "SkipDividesCounts", "DeltaEndsBehindNextRecord", "GapNotTold",
        "NoEmptyDeltas", "NoEmptyDeltasAtTheEnd", "NothingBounded", "DrainedWhenSent",

        // Buckets that stand apart.
        "ApartKeepsPositions", "ReturnIgnored",

        // Logs that were cut.
        "EpochOfLeastOnly", "EndNotCompared", "EndComparedWithLaterAnswers", "SkippedOffsetsForgotten",
    ];

    /// <summary>The mistake that is made on this thread; null: none.</summary>
    public static string? Made
    {
        get => s_made;
        set => s_made = value;
    }

    /// <summary>Whether a mistake is made.</summary>
    public static bool IsMade(string name) => s_made == name;

    /// <summary>Turns a decision into a wrong one.</summary>
    public static void Make<T>(string name, ref T decision, T wrong)
    {
        if (s_made == name)
            decision = wrong;
    }
}
#endif
