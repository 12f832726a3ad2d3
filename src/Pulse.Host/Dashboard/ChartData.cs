using System.Text.Json;
using Pulse.Actors.Live;
using Pulse.Counting;

namespace Pulse.Host.Dashboard;

/// <summary>Turns answers into the JSON that <c>charts.js</c> draws.</summary>
internal static class ChartData
{
    private static readonly JsonSerializerOptions Compact = new(JsonSerializerDefaults.Web);
    private static readonly PerAnswer<string> Trees = new();
    private static readonly PerAnswer<string> AllStacks = new();
    private static readonly PerAnswer<string> Worlds = new();
    private static readonly PerAnswer<string> Rankings = new();
    private static readonly PerAnswer<string> Tops = new();
    private static readonly PerAnswer<IReadOnlyList<(string Name, long Count)>> Sums = new();
    private static readonly PerAnswer<IReadOnlyList<string>[]> AllValues = new();
    private static readonly PerAnswer<Strip> Strips = new();

    /// <summary>How many countries have a bar beside the map.</summary>
    public const int RankedCountries = 20;

    /// <summary>How many keys have a bar on the page that every rollup has.</summary>
    public const int TopKeys = 15;

    /// <summary>Nested rectangles: first dimension, within it the second. By name, so that none changes its place.</summary>
    public static string Tree(RollupAnswer answer) => Trees.Of(answer, MakeTree);

    private static string MakeTree(RollupAnswer answer) => JsonSerializer.Serialize(
        answer.Keys
            .OrderBy(key => key.Key.Values[1], StringComparer.Ordinal)
            .GroupBy(key => key.Key.Values[0])
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new
            {
                Name = group.Key,
                Value = group.Sum(key => key.Count),
                Children = group.Select(key => new { Name = key.Key.Values[1], Value = key.Count }),
            }),
        Compact);

    /// <summary>Bars per value of the second dimension, stacked by the first.</summary>
    public static string Stacks(RollupAnswer answer) => AllStacks.Of(answer, MakeStacks);

    private static string MakeStacks(RollupAnswer answer)
    {
        var categories = answer.Keys.Select(key => key.Key.Values[1]).Distinct().Order(StringComparer.Ordinal).ToList();
        return JsonSerializer.Serialize(
            new
            {
                Categories = categories,
                Series = answer.Keys
                    .GroupBy(key => key.Key.Values[0])
                    .OrderBy(group => group.Key, StringComparer.Ordinal)
                    .Select(group =>
                    {
                        var counts = group.ToDictionary(key => key.Key.Values[1], key => key.Count);
                        return new { Name = group.Key, Values = categories.Select(name => counts.GetValueOrDefault(name)) };
                    }),
            },
            Compact);
    }

    /// <summary>Countries with their shape's name.</summary>
    public static string World(RollupAnswer answer, CountryNames names) => Worlds.Of(answer, key => MakeWorld(key, names));

    private static string MakeWorld(RollupAnswer answer, CountryNames names) => JsonSerializer.Serialize(
        ByFirst(answer)
            .Select(country => new { Shape = names.ShapeOf(country.Name), Label = country.Name, Value = country.Count })
            .Where(country => country.Shape is not null),
        Compact);

    /// <summary>The countries that have no shape.</summary>
    public static IReadOnlyList<(string Name, long Count)> OffTheMap(RollupAnswer answer, CountryNames names) =>
        [.. ByFirst(answer).Where(country => names.ShapeOf(country.Name) is null)];

    /// <summary>The sums over the first dimension, largest first.</summary>
    public static IReadOnlyList<(string Name, long Count)> ByFirst(RollupAnswer answer) => Sums.Of(answer, SumByFirst);

    /// <summary>Every dimension's values.</summary>
    public static IReadOnlyList<string>[] Values(RollupAnswer answer) => AllValues.Of(answer, FindValues);

    private static IReadOnlyList<string>[] FindValues(RollupAnswer answer) =>
    [
        .. Enumerable.Range(0, answer.Rollup.Dimensions.Length)
            .Select(index => answer.Keys.Select(key => key.Key.Values[index]).Distinct().ToList()),
    ];

    private static IReadOnlyList<(string Name, long Count)> SumByFirst(RollupAnswer answer) =>
    [
        .. answer.Keys
            .GroupBy(key => key.Key.Values[0])
            .Select(group => (Name: group.Key, Count: group.Sum(key => key.Count)))
            .OrderByDescending(country => country.Count)
            .ThenBy(country => country.Name, StringComparer.Ordinal),
    ];

    /// <summary>The largest keys as horizontal bars.</summary>
    public static string Top(RollupAnswer answer) => Tops.Of(answer, MakeTop);

    private static string MakeTop(RollupAnswer answer) => JsonSerializer.Serialize(
        answer.Keys.Take(TopKeys).Select(key => new { Name = string.Join(" · ", key.Key.Values), Value = key.Count }),
        Compact);

    /// <summary>The countries with the highest counts as horizontal bars.</summary>
    public static string Ranking(RollupAnswer answer) => Rankings.Of(answer, MakeRanking);

    private static string MakeRanking(RollupAnswer answer) => JsonSerializer.Serialize(
        ByFirst(answer).Take(RankedCountries).Select(value => new { value.Name, Value = value.Count }),
        Compact);

    /// <summary>
    /// All windows, by the Unix seconds of their ends; those that the picture shows are marked with a 1.
    /// </summary>
    /// <param name="all">The answer that has them all.</param>
    /// <param name="shown">The answer that the picture shows.</param>
    /// <param name="noTime">The window that has a name in place of a time.</param>
    public static string TimeLine(RollupAnswer all, RollupAnswer? shown, Window noTime)
    {
        // Nearly all pages show the same.
        var strip = Strips.Of(all, _ => new Strip());
        if (strip.Latest is { } latest && ReferenceEquals(latest.Shown, shown))
            return latest.Text;

        var windows = shown?.Windows.Select(total => total.Window).ToHashSet() ?? [];
        var text = JsonSerializer.Serialize(
            new
            {
                Ends = all.Windows.Select(total => total.Window.EndUnixSeconds),
                Values = all.Windows.Select(total => total.Count),
                NoTime = noTime.EndUnixSeconds,
                Shown = string.Concat(all.Windows.Select(total => windows.Contains(total.Window) ? '1' : '0')),
            },
            Compact);
        strip.Latest = new Marked(shown, text);
        return text;
    }

    private sealed class Strip
    {
        public Marked? Latest { get; set; }
    }

    private sealed record Marked(RollupAnswer? Shown, string Text);
}
