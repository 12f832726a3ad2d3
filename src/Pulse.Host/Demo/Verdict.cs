using Pulse.Counting;
using Pulse.Events;
using Pulse.Simulator.Generation;

namespace Pulse.Host.Demo;

/// <summary>What comparing every count in the tables with the simulator's truth gave.</summary>
/// <param name="Events">Well-formed events that were produced.</param>
/// <param name="Compared">Counts compared: one per rollup, key and window that either side has.</param>
/// <param name="Differences">Those that differ, in words.</param>
internal sealed record Verdict(long Events, int Compared, IReadOnlyList<string> Differences)
{
    /// <summary>Whether every count is exact.</summary>
    public bool IsExact => Differences.Count == 0;

    /// <summary>Compares all built-in rollups.</summary>
    public static async Task<Verdict> OfAsync(NodeCluster cluster, Truth truth, CancellationToken cancellation)
    {
        var compared = 0;
        var differences = new List<string>();
        foreach (var rollup in RollupCatalog.BuiltIn)
        {
            var counted = (await cluster.ReadAsync(rollup, cancellation)).ToDictionary(NameOf, row => row.Count);
            var expected = truth.Rows(rollup.Name).ToDictionary(NameOf, row => row.Count);
            var names = counted.Keys.Union(expected.Keys).ToList();
            compared += names.Count;
            differences.AddRange(
                from name in names
                let found = counted.GetValueOrDefault(name)
                let right = expected.GetValueOrDefault(name)
                where found != right
                select $"{rollup.Name} {name}: {found} instead of {right}");
        }

        return new Verdict(truth.Counted, compared, differences);
    }

    private static string NameOf(KeyCount row) => $"{row.Key} {row.Window}";

    private static string NameOf(TruthRow row) =>
        $"{new RollupKey(row.First, row.Second)} {Window.EndingAt(row.WindowEnd.UtcDateTime)}";
}
