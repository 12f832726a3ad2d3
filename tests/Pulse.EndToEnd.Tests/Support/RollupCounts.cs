using System.Text.Json;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>The counts of the built-in rollups, whoever counted them, by row: dimension values and window end.</summary>
internal sealed class RollupCounts
{
    /// <summary>The rollups and their dimensions, as the contract has them.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Dimensions = new Dictionary<string, string[]>
    {
        ["viewsByDeviceGenre"] = ["device_type", "genre"],
        ["viewsByGenderAgeGroup"] = ["gender", "age_group"],
        ["viewsByLocationMR"] = ["country", "maturity_rating"],
    };

    private const int DifferencesShown = 10;
    private readonly Dictionary<string, SortedDictionary<string, long>> _rollups =
        Dimensions.Keys.ToDictionary(name => name, _ => new SortedDictionary<string, long>(StringComparer.Ordinal));

    /// <summary>Records that were produced, malformed ones included; known of a truth only.</summary>
    public long Events { get; private set; }

    /// <summary>How many of them are no events: malformed, or too far ahead.</summary>
    public long Malformed { get; private set; }

    /// <summary>Reads what the simulator wrote with <c>--truth</c>.</summary>
    public static RollupCounts OfTruth(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        var counts = new RollupCounts
        {
            Events = document.RootElement.GetProperty("events").GetInt64(),
            Malformed = document.RootElement.GetProperty("malformed").GetInt64() + document.RootElement.GetProperty("ahead").GetInt64(),
        };
        foreach (var rollup in document.RootElement.GetProperty("rollups").EnumerateObject())
        {
            foreach (var row in rollup.Value.GetProperty("rows").EnumerateArray())
                counts.Add(
                    rollup.Name, [row[0].GetString()!, row[1].GetString()!], row[2].GetDateTime(), row[3].GetInt64());
        }

        return counts;
    }

    /// <summary>What the judge says of a topic.</summary>
    public static RollupCounts Of(IndependentReader judge)
    {
        var counts = new RollupCounts { Events = judge.Records, Malformed = judge.DeadLetters.Values.Sum() };
        foreach (var ((table, first, second, windowEnd), count) in judge.Rows)
            counts.Add(table[..^"Aggregation".Length], [first, second], DateTime.UnixEpoch.AddSeconds((double)windowEnd), count);
        return counts;
    }

    /// <summary>Adds one row; the window's end is UTC.</summary>
    public void Add(string rollup, string[] values, DateTime windowEnd, long count)
    {
        var row = FormattableString.Invariant($"{string.Join(" | ", values)} | {windowEnd:yyyy-MM-dd HH:mm:ss}");
        if (!_rollups[rollup].TryAdd(row, count))
            Assert.Fail($"{rollup} has the row '{row}' twice.");
    }

    /// <summary>The sum over a rollup.</summary>
    public long Sum(string rollup) => _rollups[rollup].Values.Sum();

    /// <summary>Both together.</summary>
    public RollupCounts Plus(RollupCounts other)
    {
        var sum = new RollupCounts { Events = Events + other.Events, Malformed = Malformed + other.Malformed };
        foreach (var (rollup, rows) in _rollups.Concat(other._rollups))
        {
            foreach (var (row, count) in rows)
                sum._rollups[rollup][row] = sum._rollups[rollup].GetValueOrDefault(row) + count;
        }

        return sum;
    }

    /// <summary>Asserts that both have the same rows.</summary>
    public static void AssertEqual(RollupCounts expected, RollupCounts actual)
    {
        var differences = Dimensions.Keys.SelectMany(rollup =>
            expected._rollups[rollup].Keys.Union(actual._rollups[rollup].Keys)
                .Select(row => (
                    Row: $"{rollup}: {row}",
                    Expected: expected._rollups[rollup].GetValueOrDefault(row),
                    Actual: actual._rollups[rollup].GetValueOrDefault(row)))
                .Where(each => each.Expected != each.Actual)).ToList();
        if (differences.Count > 0)
            Assert.Fail($"{differences.Count} rows differ, the first of them:" + string.Concat(
                differences.Take(DifferencesShown).Select(each =>
                    $"{Environment.NewLine}{each.Row}: expected {each.Expected}, is {each.Actual}")));
    }
}
