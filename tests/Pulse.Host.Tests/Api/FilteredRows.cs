using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Host.Tests.Api;

/// <summary>What the API must say of the rows that are there, row by row.</summary>
internal static class FilteredRows
{
    private static readonly string[] Paths = ["/api/rollups/viewsByDeviceGenre", "/api/rollups/viewsByDeviceGenre/"];

    /// <summary>The total of a question that the API takes; null where it is about another rollup, or about what is in memory.</summary>
    public static long? TotalOf(RawRequest request)
    {
        var query = QueryHelpers.ParseQuery(request.Query);
        return Paths.Contains(request.Path, StringComparer.OrdinalIgnoreCase) && !query.ContainsKey("newest")
            ? ApiFixture.Rows.Where(row => query.All(parameter => Keeps(parameter.Key, parameter.Value, row))).Sum(row => row.Count)
            : null;
    }

    private static bool Keeps(string name, StringValues values, KeyCount row)
    {
        var end = row.Window.EndUtc;
        return name.ToLowerInvariant() switch
        {
            "from" => end >= Time(values.ToString()),
            "to" => end < Time(values.ToString()),
            "date" => Listed(values).Contains(end.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
            "hour" => Listed(values).Any(value => int.Parse(value, CultureInfo.InvariantCulture) == end.Hour),
            "min" => Listed(values).Any(value => int.Parse(value, CultureInfo.InvariantCulture) == end.Minute),
            "device_type" => values.Contains(row.Key.Values[0]),
            "genre" => values.Contains(row.Key.Values[1]),
            _ => true,
        };
    }

    private static IEnumerable<string> Listed(StringValues values) => values.SelectMany(value => value!.Split(','));

    // The last blank stands for a plus that was not escaped.
    private static DateTime Time(string text)
    {
        var zone = text.LastIndexOf(' ');
        var escaped = zone > "2026-01-31T".Length ? $"{text[..zone]}+{text[(zone + 1)..]}" : text;
        return Iso8601.TryRead(escaped, out var time) || Iso8601.TryRead(escaped + "T00:00", out time) ? time : throw new FormatException(text);
    }
}
