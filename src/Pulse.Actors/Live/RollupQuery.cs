using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Pulse.Counting;

namespace Pulse.Actors.Live;

/// <summary>Which windows and keys of a rollup are wanted. An empty set means: all.</summary>
/// <param name="Rollup">The rollup.</param>
public sealed record RollupQuery(Rollup Rollup)
{
    /// <summary>Window ends at or after this; UTC.</summary>
    public DateTime? From { get; init; }

    /// <summary>Window ends before this; UTC.</summary>
    public DateTime? To { get; init; }

    /// <summary>UTC dates of window ends.</summary>
    public ImmutableSortedSet<DateOnly> Dates { get; init; } = [];

    /// <summary>Hours of window ends, 0 to 23.</summary>
    public ImmutableSortedSet<int> Hours { get; init; } = [];

    /// <summary>Minutes of window ends, 0 to 59.</summary>
    public ImmutableSortedSet<int> Minutes { get; init; } = [];

    /// <summary>One set of wanted values for each dimension of the rollup; may be shorter.</summary>
    public ImmutableArray<ImmutableSortedSet<string>> Values { get; init; } = [];

    /// <summary>Only so many of the newest windows in memory; null: no limit.</summary>
    public int? NewestWindows { get; init; }

    /// <summary>The last window that may be among the newest, such as the one that the clock is in; null: no limit.</summary>
    public Window? Latest { get; init; }

    /// <summary>Whether counts are wanted per key and window, not only per key.</summary>
    public bool IsPerWindow { get; init; }

    /// <summary>Whether keys are filtered.</summary>
    public bool HasValues => Values.Any(values => values.Count > 0);

    /// <summary>Whether a window is wanted.</summary>
    public bool Includes(Window window)
    {
        var end = window.EndUtc;
        return (From is not { } from || end >= from)
            && (To is not { } to || end < to)
            && (Latest is not { } latest || window <= latest)
            && (Dates.Count == 0 || Dates.Contains(DateOnly.FromDateTime(end)))
            && (Hours.Count == 0 || Hours.Contains(end.Hour))
            && (Minutes.Count == 0 || Minutes.Contains(end.Minute));
    }

    /// <summary>Whether a key is wanted.</summary>
    public bool Includes(RollupKey key)
    {
        for (var index = 0; index < Values.Length; index++)
        {
            if (Values[index].Count > 0 && !Values[index].Contains(key.Values[index]))
                return false;
        }

        return true;
    }

    /// <summary>The question as a text: other windows or values make another text, whatever the values hold.</summary>
    public string Text { get => field ??= Describe(); } = null!;

    private string Describe() => string.Join(
        '\n',
        (string[])
        [
            Rollup.Name,
            From?.ToString("O") ?? "",
            To?.ToString("O") ?? "",
            string.Join(',', Dates.Select(date => date.DayNumber)),
            string.Join(',', Hours),
            string.Join(',', Minutes),
            NewestWindows?.ToString(CultureInfo.InvariantCulture) ?? "",
            Latest?.ToString() ?? "",
            IsPerWindow ? "w" : "",
            .. Values.Select(Describe),
        ]);

    // How many there are, and each after its length: an empty value is not no value, and no separator within one ends it.
    private static string Describe(ImmutableSortedSet<string> values) => values.Aggregate(
        new StringBuilder().Append(CultureInfo.InvariantCulture, $"{values.Count}"),
        (text, value) => text.Append(CultureInfo.InvariantCulture, $" {value.Length}:").Append(value),
        text => text.ToString());
}
