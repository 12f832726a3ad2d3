namespace Pulse.Counting;

/// <summary>
/// The times that Pulse counts by, the years 1970 to 9000: every window, table, date and page can hold them with room to spare.
/// A number outside is no time, such as microseconds that were taken for milliseconds.
/// </summary>
public static class TimeRange
{
    /// <summary>1970-01-01T00:00:00Z, in milliseconds since then.</summary>
    public const long First = 0;

    /// <summary>The last millisecond of the year 9000.</summary>
    public const long Last = 221_876_928_000_000 - 1;

    /// <summary>Whether a number is a time.</summary>
    /// <param name="unixMilliseconds">The number, in milliseconds since 1970-01-01T00:00:00Z.</param>
    public static bool Holds(long unixMilliseconds) => unixMilliseconds is >= First and <= Last;
}
