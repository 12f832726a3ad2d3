namespace Pulse.Counting;

/// <summary>
/// Judges whether an event is late, by its record alone: what came before it, and when it is read, change nothing. So
/// every reading of the same log gives the same counts.
/// </summary>
/// <param name="allowed">
/// How long after the end of its window an event's record may have been written; null: without limit. Whole milliseconds.
/// </param>
public sealed class LateRule(TimeSpan? allowed)
{
    private readonly long _allowedMilliseconds = allowed is { } limit ? (long)limit.TotalMilliseconds : long.MaxValue;

    /// <summary>Whether an event is late.</summary>
    /// <param name="window">The event's window.</param>
    /// <param name="recordUnixMilliseconds">
    /// The Kafka timestamp of its record. A record without one, or with one outside of <see cref="TimeRange"/>, is not late.
    /// </param>
    public bool IsLate(Window window, long recordUnixMilliseconds) =>
        TimeRange.Holds(recordUnixMilliseconds)
        && recordUnixMilliseconds - (window.EndUnixSeconds * 1000) > _allowedMilliseconds;
}
