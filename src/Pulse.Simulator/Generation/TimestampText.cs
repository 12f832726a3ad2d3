namespace Pulse.Simulator.Generation;

/// <summary>Writes <c>2026-01-01T00:05:00.123Z</c>. Remembers the day, for which alone the calendar is needed.</summary>
internal struct TimestampText
{
    internal const int Length = 24;
    private const long MillisecondsPerDay = 86_400_000;

    private long day;
    private int year, month, dayOfMonth;

    internal void Write(long unixMilliseconds, Span<byte> destination)
    {
        var (newDay, rest) = Math.DivRem(unixMilliseconds, MillisecondsPerDay);
        if (newDay != day || year == 0)
        {
            day = newDay;
            var date = DateTime.UnixEpoch.AddDays(newDay);
            (year, month, dayOfMonth) = (date.Year, date.Month, date.Day);
        }

        var milliseconds = (int)rest;
        WriteTwo(year / 100, destination);
        WriteTwo(year % 100, destination[2..]);
        destination[4] = (byte)'-';
        WriteTwo(month, destination[5..]);
        destination[7] = (byte)'-';
        WriteTwo(dayOfMonth, destination[8..]);
        destination[10] = (byte)'T';
        WriteTwo(milliseconds / 3_600_000, destination[11..]);
        destination[13] = (byte)':';
        WriteTwo(milliseconds / 60_000 % 60, destination[14..]);
        destination[16] = (byte)':';
        WriteTwo(milliseconds / 1_000 % 60, destination[17..]);
        destination[19] = (byte)'.';
        destination[20] = (byte)('0' + milliseconds / 100 % 10);
        WriteTwo(milliseconds % 100, destination[21..]);
        destination[23] = (byte)'Z';
    }

    private static void WriteTwo(int value, Span<byte> destination)
    {
        destination[1] = (byte)('0' + value % 10);
        destination[0] = (byte)('0' + value / 10);
    }
}
