using Pulse.Actors.Coordination;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing.BigQuery;
using Pulse.Warehouse.BigQuery;

namespace Pulse.Warehouse.Tests;

/// <summary>Rows and a warehouse for tests.</summary>
internal static class Counts
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public const string Dataset = "real_time_analytics";

    public static readonly Rollup DeviceGenre = RollupCatalog.BuiltIn[0];

    public static readonly DateOnly NewYear = new(2026, 1, 1);

    /// <summary>The fake as a warehouse, with pauses that nobody has to wait for.</summary>
    public static BigQueryOptions Options(FakeBigQuery fake) => new(FakeBigQuery.Project)
    {
        BaseUri = fake.BaseUri,
        Credentials = BigQueryCredentials.None,
        Location = "EU",
        ChunkSize = 256 * 1024,
        FirstRequestPause = TimeSpan.FromMilliseconds(5),
        LongestRequestPause = TimeSpan.FromMilliseconds(20),
        FirstPollInterval = TimeSpan.FromMilliseconds(1),
        LongestPollInterval = TimeSpan.FromMilliseconds(5),
        FirstJobPause = TimeSpan.FromMilliseconds(5),
    };

    public static KeyCount Row(DateOnly date, int minute, long count, params string[] key) => new(
        new RollupKey(key),
        Window.EndingAt(date.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc).AddMinutes(minute)),
        count);

    /// <summary>So many different rows of one date; enough of them for several chunks where asked for.</summary>
    public static IEnumerable<KeyCount> Rows(DateOnly date, int rows = 20, long first = 1) =>
        Enumerable.Range(0, rows).Select(index => Row(
            date, 5 * (index % 288), first + index, $"device {index % 7}", $"genre {index * 7919 % 1_000_003}"));

    public static async IAsyncEnumerable<KeyCount> Streamed(IEnumerable<KeyCount> rows)
    {
        await Task.Yield();
        foreach (var row in rows)
            yield return row;
    }

    /// <summary>What a table of the fake holds of a date, in a fixed order.</summary>
    public static IReadOnlyList<string> Held(FakeBigQuery fake, Rollup rollup, DateOnly date) => fake.Rows(
        $"select {Dimensions(rollup)}, view_count, cast(date as varchar), hour, min, "
        + $"cast(epoch(window_end) as bigint) from \"{Dataset}\".\"{rollup.Name}\" where date = date '{date:yyyy-MM-dd}' order by all");

    /// <summary>What the fake should hold of rows.</summary>
    public static IReadOnlyList<string> Expected(IEnumerable<KeyCount> rows) =>
    [
        .. rows.Select(row => string.Join('|', row.Key.Values) + FormattableString.Invariant(
            $"|{row.Count}|{row.Window.EndUtc:yyyy-MM-dd}|{row.Window.EndUtc.Hour}|{row.Window.EndUtc.Minute}|")
            + FormattableString.Invariant($"{new DateTimeOffset(row.Window.EndUtc).ToUnixTimeSeconds()}")),
    ];

    /// <summary>Exports a date by the steps that the coordinator and the command take.</summary>
    public static Task<ExportedDate> ExportAsync(
        IWarehouse warehouse,
        DateOnly date,
        IEnumerable<KeyCount> rows,
        LoadHistory history = default,
        Action<DateStatus>? tell = null,
        KnownGaps gaps = default) =>
        new DateExport(warehouse, (_, _, _) => Streamed(rows), (_, _) => Task.FromResult(gaps)).RunAsync(
            DeviceGenre, date, history, (_, _) => Task.CompletedTask, tell ?? (_ => { }),
            new CancellationTokenSource(Limit).Token);

    private static string Dimensions(Rollup rollup) => string.Join(", ", rollup.Dimensions);
}
