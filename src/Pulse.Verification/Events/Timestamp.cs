namespace Pulse.Verification.Events;

/// <summary>Reads an event's timestamp as the contract spells it.</summary>
internal static class Timestamp
{
    private const int MaximumBytes = 256;
    private const int MinutesADay = 24 * 60;

    /// <summary>Reads a timestamp.</summary>
    /// <param name="text">The text, nothing before or after it.</param>
    /// <param name="unixMilliseconds">The instant, if it is one; what the fraction has beyond milliseconds is cut off.</param>
    public static Fault Read(ReadOnlySpan<byte> text, out long unixMilliseconds)
    {
        unixMilliseconds = 0;
        var rest = text;
        if (text.Length > MaximumBytes
            || !Take(ref rest, 4, out var year) || !Take(ref rest, '-')
            || !Take(ref rest, 2, out var month) || !Take(ref rest, '-')
            || !Take(ref rest, 2, out var day) || !(Take(ref rest, 'T') || Take(ref rest, 't') || Take(ref rest, ' '))
            || !Take(ref rest, 2, out var hour) || !Take(ref rest, ':')
            || !Take(ref rest, 2, out var minute)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59)
            return Fault.InvalidTimestamp;

        var (second, thousandths) = (0, 0);
        if (Take(ref rest, ':'))
        {
            if (!Take(ref rest, 2, out second) || second > 60)
                return Fault.InvalidTimestamp;
            if ((Take(ref rest, '.') || Take(ref rest, ',')) && !TakeFraction(ref rest, out thousandths))
                return Fault.InvalidTimestamp;
        }

        if (!TakeZone(ref rest, out var zone) || !rest.IsEmpty)
            return Fault.InvalidTimestamp;

        var days = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Subtract(DateTime.UnixEpoch).Days;
        var minutes = ((long)days * MinutesADay) + (hour * 60) + minute - zone;
        // A leap second comes at the end of a day of UTC.
        if (second == 60)
            return (minutes + 1) % MinutesADay == 0 ? Fault.LeapSecond : Fault.InvalidTimestamp;
        unixMilliseconds = (((minutes * 60) + second) * 1000) + thousandths;
        return unixMilliseconds < 0 ? Fault.TimestampTooOld
            : Times.Holds(unixMilliseconds) ? Fault.None
            : Fault.TimestampInFuture;
    }

    private static bool TakeZone(ref ReadOnlySpan<byte> rest, out int minutes)
    {
        minutes = 0;
        if (rest.IsEmpty || Take(ref rest, 'Z') || Take(ref rest, 'z'))
            return true;
        var isBehind = Take(ref rest, '-');
        if ((!isBehind && !Take(ref rest, '+')) || !Take(ref rest, 2, out var hours))
            return false;
        if (!rest.IsEmpty)
        {
            Take(ref rest, ':');
            if (!Take(ref rest, 2, out minutes) || minutes > 59)
                return false;
        }

        minutes = (isBehind ? -1 : 1) * ((hours * 60) + minutes);
        return Math.Abs(minutes) <= 14 * 60;
    }

    private static bool TakeFraction(ref ReadOnlySpan<byte> rest, out int thousandths)
    {
        thousandths = 0;
        var digits = 0;
        for (; !rest.IsEmpty && char.IsAsciiDigit((char)rest[0]); digits++, rest = rest[1..])
        {
            if (digits < 3)
                thousandths = (thousandths * 10) + rest[0] - '0';
        }

        for (var missing = digits; missing < 3; missing++)
            thousandths *= 10;
        return digits > 0;
    }

    private static bool Take(ref ReadOnlySpan<byte> rest, char character)
    {
        if (rest.IsEmpty || rest[0] != character)
            return false;
        rest = rest[1..];
        return true;
    }

    private static bool Take(ref ReadOnlySpan<byte> rest, int digits, out int number)
    {
        number = 0;
        if (rest.Length < digits)
            return false;
        foreach (var digit in rest[..digits])
        {
            if (!char.IsAsciiDigit((char)digit))
                return false;
            number = (number * 10) + digit - '0';
        }

        rest = rest[digits..];
        return true;
    }
}
