using System.Globalization;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Export;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Simulator.Generation;

namespace Pulse.Actors.Tests.Hosting;

/// <summary>A rollup's rows as sorted lines, from wherever they are.</summary>
internal static class Rows
{
    public static List<string> Of(Truth truth, string rollup) =>
        Sorted(truth.Rows(rollup).Select(row => Line(row.First, row.Second, row.WindowEnd.UtcDateTime, row.Count)));

    public static List<string> Of(RollupAnswer answer) =>
        Sorted(answer.Cells.Select(cell => Line(new KeyCount(cell.Key, cell.Window, cell.Count))));

    public static async Task<List<string>> StoredAsync(ResultStore store, RollupCatalog catalog, string name)
    {
        var rollup = catalog.Rollups.Single(it => it.Name == name);
        var rows = new List<KeyCount>();
        foreach (var date in await store.DatesAsync(rollup, CancellationToken.None))
        {
            await foreach (var row in store.ReadAsync(rollup, date, CancellationToken.None))
                rows.Add(row);
        }

        return Sorted(rows.Select(Line));
    }

    public static List<string> Exported(RecordingWarehouse warehouse, string rollup) =>
        Sorted(warehouse.Tables.Where(table => table.Key.Rollup == rollup).SelectMany(table => table.Value).Select(Line));

    /// <summary>Table and warehouse hold of each rollup what the truth says, row for row.</summary>
    public static async Task AssertExactAsync(
        Truth truth, ResultStore store, RollupCatalog catalog, RecordingWarehouse warehouse)
    {
        foreach (var name in Truth.RollupNames)
        {
            var rows = Of(truth, name);
            Assert.Equal(rows, await StoredAsync(store, catalog, name));
            Assert.Equal(rows, Exported(warehouse, name));
        }
    }

    private static List<string> Sorted(IEnumerable<string> lines) => [.. lines.Order(StringComparer.Ordinal)];

    private static string Line(KeyCount row) =>
        Line(row.Key.Values[0], row.Key.Values[1], row.Window.EndUtc, row.Count);

    private static string Line(string first, string second, DateTime end, long count) =>
        string.Create(CultureInfo.InvariantCulture, $"{first}|{second}|{end:yyyy-MM-dd HH:mm:ss}|{count}");
}
