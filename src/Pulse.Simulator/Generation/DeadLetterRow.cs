namespace Pulse.Simulator.Generation;

/// <summary>One exact count of records that are no events.</summary>
/// <param name="Reason">Why, by the name that the contract of events gives it.</param>
/// <param name="WindowEnd">The five-minute window of the records' own timestamps, named by its end in UTC.</param>
/// <param name="Count">How many there are.</param>
public sealed record DeadLetterRow(string Reason, DateTimeOffset WindowEnd, long Count);
