namespace Pulse.Verification.Events;

/// <summary>The times that are counted by: the years 1970 to 9000, in Unix milliseconds.</summary>
internal static class Times
{
    private const long EndOfTheYear9000 = 221_876_928_000_000;

    /// <summary>Whether a number can be a time.</summary>
    public static bool Holds(long unixMilliseconds) => unixMilliseconds is >= 0 and < EndOfTheYear9000;

    /// <summary>The exclusive end of the window of the given length in which a time lies.</summary>
    public static long WindowEnd(long unixMilliseconds, long length) => ((unixMilliseconds / length) + 1) * length;
}
