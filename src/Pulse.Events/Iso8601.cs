using System.Text;

namespace Pulse.Events;

/// <summary>
/// The one grammar of all times that come from outside, as RFC 3339 has it and as Go, Java, JavaScript, Python and .NET print
/// them: <c>yyyy-MM-dd</c>, then <c>T</c>, <c>t</c> or a space, then <c>HH:mm</c>, then optionally <c>:ss</c> and after that a
/// dot or comma with any number of digits, then optionally a zone: <c>Z</c>, <c>z</c>, <c>+hh:mm</c>, <c>+hhmm</c> or
/// <c>+hh</c>, with either sign, up to 14 hours. No zone means UTC.
/// </summary>
public static class Iso8601
{
    /// <summary>The longest text that is read, in bytes.</summary>
    public const int MaximumBytes = 256;

    private const int MinuteEnd = 16;
    private const int SecondEnd = 19;
    private const int MinutesPerDay = 24 * 60;
    private const int MaximumOffsetMinutes = 14 * 60;
    private const int LeapSecond = 60;
    private const int NotDigits = int.MaxValue;

    // As whole numbers: the last one, divided with a fraction, is rounded up to a millisecond that is not in the calendar.
    private static readonly long FirstInCalendar = (DateTime.MinValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMillisecond;
    private static readonly long LastInCalendar = (DateTime.MaxValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMillisecond;

    /// <summary>
    /// Reads a time. The date must exist in the Gregorian calendar, years 0001 to 9999; there is no 24:00. What the fraction has
    /// beyond milliseconds is cut off.
    /// </summary>
    /// <param name="text">The time in UTF-8, nothing before or after it.</param>
    /// <param name="unixMilliseconds">The instant, in milliseconds since 1970-01-01T00:00:00Z, if it is one.</param>
    public static TimeText Read(ReadOnlySpan<byte> text, out long unixMilliseconds)
    {
        unixMilliseconds = 0;
        if (text.Length is < MinuteEnd or > MaximumBytes || !TryMinute(text, out var minute))
            return TimeText.Invalid;
        var rest = text[MinuteEnd..];
        if (!TryTakeSecond(ref rest, out var second, out var milliseconds) || !TryZone(rest, out var offsetMinutes))
            return TimeText.Invalid;

        minute -= offsetMinutes;
        if (second == LeapSecond)
            return IsLastOfDay(minute) ? TimeText.LeapSecond : TimeText.Invalid;
        unixMilliseconds = (((minute * 60) + second) * 1000) + milliseconds;
        return TimeText.Instant;
    }

    /// <inheritdoc cref="Read" />
    /// <param name="text">The time, nothing before or after it.</param>
    /// <param name="utc">The instant, if it is one that <see cref="DateTime"/> can hold.</param>
    public static bool TryRead(string text, out DateTime utc)
    {
        utc = default;
        Span<byte> bytes = stackalloc byte[MaximumBytes];
        if (!Encoding.UTF8.TryGetBytes(text, bytes, out var length)
            || Read(bytes[..length], out var unixMilliseconds) != TimeText.Instant
            // An offset can lead out of it.
            || unixMilliseconds < FirstInCalendar || unixMilliseconds > LastInCalendar)
            return false;
        utc = DateTime.UnixEpoch.AddMilliseconds(unixMilliseconds);
        return true;
    }

    private static bool TryMinute(ReadOnlySpan<byte> text, out long unixMinutes)
    {
        unixMinutes = 0;
        if (text[4] != '-' || text[7] != '-' || text[10] is not ((byte)'T' or (byte)' ' or (byte)'t') || text[13] != ':')
            return false;

        var century = TwoDigits(text, 0);
        var yearOfCentury = TwoDigits(text, 2);
        if (century == NotDigits || yearOfCentury == NotDigits)
            return false;

        var year = (century * 100) + yearOfCentury;
        var month = TwoDigits(text, 5);
        var day = TwoDigits(text, 8);
        var hour = TwoDigits(text, 11);
        var minute = TwoDigits(text, 14);
        if (year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59)
            return false;

        var instant = new DateTime(year, month, day, hour, minute, 0, DateTimeKind.Utc);
        unixMinutes = (instant.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMinute;
        return true;
    }

    private static bool TryTakeSecond(ref ReadOnlySpan<byte> rest, out int second, out int milliseconds)
    {
        (second, milliseconds) = (0, 0);
        if (rest.IsEmpty || rest[0] != ':')
            return true;
        if (rest.Length < SecondEnd - MinuteEnd)
            return false;
        second = TwoDigits(rest, 1);
        rest = rest[(SecondEnd - MinuteEnd)..];
        return second <= LeapSecond && TryTakeFraction(ref rest, out milliseconds);
    }

    private static bool TryTakeFraction(ref ReadOnlySpan<byte> rest, out int milliseconds)
    {
        milliseconds = 0;
        if (rest.IsEmpty || rest[0] is not ((byte)'.' or (byte)','))
            return true;

        rest = rest[1..];
        var digits = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits < 0)
            digits = rest.Length;
        if (digits == 0)
            return false;

        for (int place = 0, weight = 100; place < Math.Min(digits, 3); place++, weight /= 10)
            milliseconds += (rest[place] - '0') * weight;
        rest = rest[digits..];
        return true;
    }

    private static bool TryZone(ReadOnlySpan<byte> zone, out int offsetMinutes)
    {
        offsetMinutes = 0;
        if (zone.IsEmpty)
            return true;
        if (zone[0] is (byte)'Z' or (byte)'z')
            return zone.Length == 1;
        if (zone[0] is not ((byte)'+' or (byte)'-'))
            return false;

        var minutesAt = zone.Length switch
        {
            3 => 0,
            5 => 3,
            6 when zone[3] == ':' => 4,
            _ => -1,
        };
        if (minutesAt < 0)
            return false;

        var hours = TwoDigits(zone, 1);
        var minutes = minutesAt == 0 ? 0 : TwoDigits(zone, minutesAt);
        if (hours > 14 || minutes > 59 || (hours * 60) + minutes > MaximumOffsetMinutes)
            return false;

        offsetMinutes = (zone[0] == '-' ? -1 : 1) * ((hours * 60) + minutes);
        return true;
    }

    // A leap second comes after 23:59:59 of UTC, whatever the zone.
    private static bool IsLastOfDay(long unixMinutes) => (unixMinutes + 1) % MinutesPerDay == 0;

    private static int TwoDigits(ReadOnlySpan<byte> text, int at)
    {
        var tens = (uint)(text[at] - '0');
        var units = (uint)(text[at + 1] - '0');
        return tens <= 9 && units <= 9 ? (int)((tens * 10) + units) : NotDigits;
    }
}
