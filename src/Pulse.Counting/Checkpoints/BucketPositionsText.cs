using System.Globalization;
using System.Text;

namespace Pulse.Counting;

/// <summary>The written form of <see cref="BucketPositions"/>; operators, the verifier and the upgrade read it as well.</summary>
internal static class BucketPositionsText
{
    private const char Nothing = '-';
    private const char Behind = '~';

    public static string Write(BucketPositions positions)
    {
        var text = new StringBuilder();
        foreach (var stream in positions.Streams)
        {
            if (text.Length > 0)
                text.Append('\n');
            text.Append(stream);
            var epoch = LogPosition.UnknownEpoch;
            foreach (var position in positions.Of(stream))
            {
                text.Append(' ');
                if (position is not { } known)
                {
                    text.Append(Nothing);
                    continue;
                }

                text.Append(CultureInfo.InvariantCulture, $"{known.Offset}");
                if (known.Skipped > 0)
                    text.Append(CultureInfo.InvariantCulture, $"{Behind}{known.Skipped}");
                if (known.Epoch == epoch)
                    continue;
                epoch = known.Epoch;
                text.Append('@');
                if (epoch == LogPosition.UnknownEpoch)
                    text.Append(Nothing);
                else
                    text.Append(CultureInfo.InvariantCulture, $"{epoch}");
            }
        }

        return text.ToString();
    }

    public static BucketPositions Parse(string text)
    {
        var positions = new BucketPositions();
        if (text.Length == 0)
            return positions;

        var lines = text.Split('\n');
        if (lines.Length > BucketPositions.MaximumStreams)
            throw new FormatException($"There are {lines.Length} lines; positions are those of at most {BucketPositions.MaximumStreams} streams.");
        for (var line = 0; line < lines.Length; line++)
            ReadLine(lines[line], line + 1, positions);
        return positions;
    }

    private static void ReadLine(string line, int number, BucketPositions positions)
    {
        var words = line.Split(' ');
        var stream = words[0];
        if (positions.Streams.Contains(stream))
            throw new FormatException($"Line {number}: the stream '{stream}' has a line already.");
        if (words.Length == 1)
            throw new FormatException($"Line {number}: the stream '{stream}' has no position.");
        if (words.Length - 1 > BucketPositions.MaximumPartitions)
            throw new FormatException($"Line {number}: there are {words.Length - 1} positions; {BucketPositions.MaximumPartitions} are possible.");
        if (words[^1] is [Nothing])
            throw new FormatException($"Line {number}: the last partition has no position and should not be named.");

        var epoch = LogPosition.UnknownEpoch;
        for (var partition = 0; partition < words.Length - 1; partition++)
        {
            var word = words[partition + 1];
            if (word is [Nothing])
                continue;
            if (!TryRead(word, ref epoch, out var offset, out var skipped))
                throw new FormatException($"Line {number}, partition {partition}: '{word}' is no position such as 1500@3.");
            Set(positions, new StreamPartition(stream, partition), new LogPosition(offset, epoch, skipped), number);
        }
    }

    private static void Set(BucketPositions positions, StreamPartition partition, LogPosition position, int line)
    {
        try
        {
            positions.Set(partition, position);
        }
        catch (ArgumentException wrong)
        {
            throw new FormatException($"Line {line}: {wrong.Message}", wrong);
        }
    }

    private static bool TryRead(string word, ref int epoch, out long offset, out long skipped)
    {
        var at = word.IndexOf('@', StringComparison.Ordinal);
        var offsets = at < 0 ? word : word[..at];
        var behind = offsets.IndexOf(Behind, StringComparison.Ordinal);
        skipped = 0;
        if (!TryReadNumber(behind < 0 ? offsets : offsets.AsSpan(0, behind), out offset)
            || (behind >= 0 && !TryReadNumber(offsets.AsSpan(behind + 1), out skipped)))
            return false;
        if (at < 0)
            return true;
        if (word[(at + 1)..] is not [Nothing])
            return int.TryParse(word.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out epoch);
        epoch = LogPosition.UnknownEpoch;
        return true;
    }

    private static bool TryReadNumber(ReadOnlySpan<char> digits, out long number) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
