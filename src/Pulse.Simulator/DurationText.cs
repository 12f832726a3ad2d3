using System.Buffers;
using System.Globalization;

namespace Pulse.Simulator;

/// <summary>Durations as people write them on a command line.</summary>
public static class DurationText
{
    /// <summary>The allowed shapes, for messages and help.</summary>
    public const string Shapes = "30s, 2m, 1h30m, 500ms or hh:mm:ss";

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>Reads <c>500ms</c>, <c>30s</c>, <c>2m</c>, <c>1h30m</c>, <c>2d</c>, <c>hh:mm:ss</c> or <c>0</c>.</summary>
    /// <param name="text">What was written; units go from larger to smaller, each at most once.</param>
    /// <param name="duration">The duration, never negative.</param>
    /// <returns>False when it is none of these shapes or too large.</returns>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        if (string.IsNullOrWhiteSpace(text))
            return false;
        if (text.Contains(':', StringComparison.Ordinal))
            return TimeSpan.TryParseExact(
                text, [@"h\:m\:s", @"h\:m\:s\.FFF"], CultureInfo.InvariantCulture, out duration);
        return text == "0" || TryParseUnits(text, out duration);
    }

    private static bool TryParseUnits(ReadOnlySpan<char> rest, out TimeSpan duration)
    {
        duration = default;
        var smallestYet = double.MaxValue;
        var milliseconds = 0.0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(NumberCharacters);
            if (digits <= 0
                || !double.TryParse(
                    rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return false;

            rest = rest[digits..];
            var letters = rest.IndexOfAny(NumberCharacters);
            var unit = letters < 0 ? rest : rest[..letters];
            rest = letters < 0 ? [] : rest[letters..];
            var size = unit switch
            {
                "ms" => 1.0,
                "s" => 1_000.0,
                "m" => 60_000.0,
                "h" => 3_600_000.0,
                "d" => 86_400_000.0,
                _ => double.NaN,
            };
            if (!(size < smallestYet))
                return false;
            smallestYet = size;
            milliseconds += number * size;
        }

        if (milliseconds > TimeSpan.MaxValue.TotalMilliseconds / 2)
            return false;
        duration = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }
}
