using System.Globalization;

namespace Pulse.Counting;

/// <summary>
/// A tumbling event-time interval, named by its end in UTC: the events at or after the end of the window before it
/// and strictly before its own end.
/// </summary>
/// <param name="EndUnixSeconds">The exclusive end of the window, in seconds since 1970-01-01T00:00:00Z.</param>
public readonly record struct Window(long EndUnixSeconds) : IComparable<Window>
{
    /// <summary>The length that the contract's tables are defined for.</summary>
    public static readonly TimeSpan DefaultLength = TimeSpan.FromMinutes(5);

    /// <summary>The exclusive end of the window, UTC.</summary>
    public DateTime EndUtc => DateTime.UnixEpoch.AddSeconds(EndUnixSeconds);

    /// <summary>The window of the given length that an instant falls into.</summary>
    /// <param name="unixMilliseconds">The instant, in milliseconds since 1970-01-01T00:00:00Z.</param>
    /// <param name="lengthSeconds">The length of every window, in seconds; greater than zero.</param>
    public static Window Containing(long unixMilliseconds, long lengthSeconds)
    {
        var lengthMilliseconds = lengthSeconds * 1000;
        var index = unixMilliseconds / lengthMilliseconds;
        if (unixMilliseconds < 0 && unixMilliseconds % lengthMilliseconds != 0)
            index--;
        return new Window((index + 1) * lengthSeconds);
    }

    /// <summary>The window with the given end, for values read from storage.</summary>
    // As whole numbers: with a fraction, odd seconds of far years come out one less.
    public static Window EndingAt(DateTime endUtc) => new((endUtc - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond);

    /// <inheritdoc />
    public int CompareTo(Window other) => EndUnixSeconds.CompareTo(other.EndUnixSeconds);

    /// <summary>The end as ISO-8601, such as <c>2026-01-01T00:05:00Z</c>.</summary>
    public override string ToString() => EndUtc.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Whether one window ends before another.</summary>
    public static bool operator <(Window left, Window right) => left.EndUnixSeconds < right.EndUnixSeconds;

    /// <summary>Whether one window ends after another.</summary>
    public static bool operator >(Window left, Window right) => left.EndUnixSeconds > right.EndUnixSeconds;

    /// <summary>Whether one window ends before or with another.</summary>
    public static bool operator <=(Window left, Window right) => left.EndUnixSeconds <= right.EndUnixSeconds;

    /// <summary>Whether one window ends after or with another.</summary>
    public static bool operator >=(Window left, Window right) => left.EndUnixSeconds >= right.EndUnixSeconds;
}
