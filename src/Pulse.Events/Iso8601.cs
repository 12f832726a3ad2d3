namespace Pulse.Events;

/// <summary>
/// Timestamps of viewing events: <c>yyyy-MM-ddTHH:mm:ss</c> with <c>T</c> or a space between date and time, then
/// optionally a dot with one to seven digits, then optionally a zone: <c>Z</c>, <c>z</c>, <c>+hh:mm</c>, <c>+hhmm</c>
/// or <c>+hh</c>, with either sign, up to 14 hours. No zone means UTC.
/// </summary>
internal static class Iso8601
{
    private const int WholeSecondsLength = 19;
    private const int MaximumFractionDigits = 7;
    private const int MaximumOffsetMinutes = 14 * 60;
    private const int NotDigits = int.MaxValue;

    /// <summary>
    /// Reads a timestamp. The date must exist in the Gregorian calendar, years 0001 to 9999; there is no 24:00 and no
    /// leap second. What the fraction has beyond milliseconds is cut off.
    /// </summary>
    /// <param name="text">The timestamp in UTF-8, nothing before or after it.</param>
    /// <param name="unixMilliseconds">The instant, in milliseconds since 1970-01-01T00:00:00Z.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out long unixMilliseconds)
    {
        unixMilliseconds = 0;
        if (text.Length < WholeSecondsLength || !TryParseWholeSeconds(text[..WholeSecondsLength], out var seconds))
            return false;

        var rest = text[WholeSecondsLength..];
        if (!TryTakeFraction(ref rest, out var milliseconds) || !TryParseZone(rest, out var offsetMinutes))
            return false;

        unixMilliseconds = ((seconds - (offsetMinutes * 60L)) * 1000) + milliseconds;
        return true;
    }

    private static bool TryParseWholeSeconds(ReadOnlySpan<byte> text, out long unixSeconds)
    {
        unixSeconds = 0;
        if (text[4] != '-' || text[7] != '-' || text[10] is not ((byte)'T' or (byte)' ')
            || text[13] != ':' || text[16] != ':')
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
        var second = TwoDigits(text, 17);
        if (year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 59)
            return false;

        var instant = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc);
        unixSeconds = (instant.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
        return true;
    }

    private static bool TryTakeFraction(ref ReadOnlySpan<byte> rest, out int milliseconds)
    {
        milliseconds = 0;
        if (rest.IsEmpty || rest[0] != '.')
            return true;

        rest = rest[1..];
        var digits = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits < 0)
            digits = rest.Length;
        if (digits is 0 or > MaximumFractionDigits)
            return false;

        for (int place = 0, weight = 100; place < Math.Min(digits, 3); place++, weight /= 10)
            milliseconds += (rest[place] - '0') * weight;
        rest = rest[digits..];
        return true;
    }

    private static bool TryParseZone(ReadOnlySpan<byte> zone, out int offsetMinutes)
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

    private static int TwoDigits(ReadOnlySpan<byte> text, int at)
    {
        var tens = (uint)(text[at] - '0');
        var units = (uint)(text[at + 1] - '0');
        return tens <= 9 && units <= 9 ? (int)((tens * 10) + units) : NotDigits;
    }
}
