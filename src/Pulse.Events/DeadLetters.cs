using Pulse.Counting;


namespace Pulse.Events;

/// <summary>
/// The ledger of dead letters: bad records counted by reason under the same protocol as any rollup, so that
/// <c>counted + late + dead-lettered = consumed</c> holds exactly, also across crashes. A dead letter's window comes
/// from the Kafka record's own timestamp, since the event's can't be trusted.
/// </summary>
public static class DeadLetters
{
    /// <summary>The name that no user's rollup may take.</summary>
    public const string RollupName = "deadLetters";

    /// <summary>The one dimension: why the record is bad.</summary>
    public const string Reason = "reason";

    /// <summary>The rollup; its table is <c>deadLettersAggregation(reason, view_count, window_end_utctime)</c>.</summary>
    public static Rollup Rollup { get; } = new(RollupName, [Reason], Buckets: 1);
}
