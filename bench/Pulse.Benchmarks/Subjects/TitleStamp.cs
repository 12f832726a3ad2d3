using System.Globalization;
using System.Text;

namespace Pulse.Benchmarks.Subjects;

/// <summary>
/// Gives events one of so many titles, in an order in which neighbours have little in common; every partition gets
/// every title, as where events are spread by user.
/// </summary>
/// <param name="titles">The number of titles, at most ten million.</param>
/// <param name="partitions">The number of partitions, which take turns.</param>
internal sealed class TitleStamp(int titles, int partitions)
{
    // A prime that divides no round number of titles, so that every title comes once in so many events.
    private const long Stride = 7_919;
    private const int Digits = 7;
    private static readonly byte[] Name = Encoding.UTF8.GetBytes("\"ContentName\":\"");
    private static readonly byte[] Room = Encoding.UTF8.GetBytes("Title 0000000");

    /// <summary>The event with a title that can be overwritten.</summary>
    public static byte[] MakeRoom(byte[] value)
    {
        var start = Start(value);
        var end = start + value.AsSpan(start).IndexOf((byte)'"');
        return [.. value.AsSpan(0, start), .. Room, .. value.AsSpan(end)];
    }

    /// <summary>Overwrites the title.</summary>
    /// <param name="value">From <see cref="MakeRoom"/>.</param>
    /// <param name="number">The number of the event.</param>
    public void Stamp(byte[] value, long number)
    {
        var (turn, partition) = Math.DivRem(number, partitions);
        var title = ((turn * Stride) + (partition * titles / partitions)) % titles;
        title.TryFormat(
            value.AsSpan(Start(value) + Room.Length - Digits, Digits), out _, "D7", CultureInfo.InvariantCulture);
    }

    private static int Start(byte[] value) => value.AsSpan().IndexOf(Name) + Name.Length;
}
