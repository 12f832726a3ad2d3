using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

public sealed class SqliteResultStoreTests(PostgresFixture postgres)
    : ResultStoreTests(StorageKind.Sqlite, postgres);

public sealed class PostgresResultStoreTests(PostgresFixture postgres)
    : ResultStoreTests(StorageKind.Postgres, postgres);

/// <summary>What reading the result tables and the buckets' counters promises, on either database.</summary>
public abstract class ResultStoreTests(StorageKind kind, PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly Rollup DeviceGenre = RollupCatalog.BuiltIn[0];
    private static readonly Rollup GenderAge = RollupCatalog.BuiltIn[1];

    private TestStorage _storage = null!;
    private ResultStore _store = null!;
    private BucketWriter _writer = null!;

    public async ValueTask InitializeAsync()
    {
        _storage = await TestStorage.CreateAsync(kind, postgres);
        var node = await _storage.OpenPreparedAsync();
        _store = node.Results;
        _writer = new BucketWriter(node, RollupCatalog.Default);
    }

    public async ValueTask DisposeAsync()
    {
        if (_storage is not null)
            await _storage.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Tables_are_the_contract_s()
    {
        await WriteAsync(Row("2026-01-01T00:05:00", 7, "Mobile", "Drama"));

        Assert.Equal(
            ["Mobile|Drama|7"],
            await _storage.QueryAsync("select device_type, genre, view_count from viewsByDeviceGenreAggregation "
                + "where window_end_utctime = '2026-01-01 00:05:00'"));
        Assert.Equal(["0"], await _storage.QueryAsync("select count(*) from viewsByGenderAgeGroupAggregation"));
        Assert.Equal(["0"], await _storage.QueryAsync("select count(*) from viewsByLocationMRAggregation"));
        Assert.Equal(["0"], await _storage.QueryAsync("select count(reason) from deadLettersAggregation"));
    }

    [Fact]
    public async Task Totals_are_the_sums_over_a_rollup_s_buckets()
    {
        await _writer.CountAsync(
            DeviceGenre, Enumerable.Range(0, 40).Select(index => Row("2026-01-01T00:05:00", 2, "Mobile", $"genre {index}")), late: 3);
        await _writer.CountAsync(DeviceGenre, [Row("2026-01-01T00:10:00", 5, "Mobile", "genre 1")], late: 4);
        await _writer.CountAsync(GenderAge, [Row("2026-01-01T00:10:00", 11, "Male", "20-29")]);

        Assert.Equal(new Balance(85, 7, 0, 0, 92), await TotalsAsync(DeviceGenre));
        Assert.Equal(new Balance(11, 0, 0, 0, 11), await TotalsAsync(GenderAge));
        Assert.Equal(default, await TotalsAsync(DeadLetters.Rollup));
        Assert.Equal(
            [new KeyValuePair<string, long>(DeviceGenre.Name, 7)], await _store.LateAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Counts_beyond_32_bits_and_any_text_come_back()
    {
        var row = Row("2026-01-01T00:05:00", 5_000_000_000, "O'Neil \"TV\"; drop table x --", "ドラマ \ud83c\udfac");
        await WriteAsync(row);
        Assert.Equal([row], await ReadAsync(DeviceGenre, "2026-01-01"));
        Assert.Equal(5_000_000_000, (await TotalsAsync(DeviceGenre)).Counted);
    }

    [Fact]
    public async Task Rows_belong_to_the_date_of_their_window_s_end()
    {
        await WriteAsync(
            Row("2026-01-02T00:00:00", 2, "Mobile", "Drama"),
            Row("2026-01-01T23:55:00", 1, "Mobile", "Drama"),
            Row("2026-03-01T12:00:00", 3, "Mobile", "Drama"));

        Assert.Equal(
            [new DateOnly(2026, 1, 1), new DateOnly(2026, 1, 2), new DateOnly(2026, 3, 1)],
            await _store.DatesAsync(DeviceGenre, CancellationToken.None));
        Assert.Equal([1L], (await ReadAsync(DeviceGenre, "2026-01-01")).Select(row => row.Count));
        Assert.Equal([2L], (await ReadAsync(DeviceGenre, "2026-01-02")).Select(row => row.Count));
        Assert.Empty(await _store.DatesAsync(GenderAge, CancellationToken.None));
    }

    [Fact]
    public async Task Rows_come_ordered_by_window_end_then_dimensions()
    {
        KeyCount[] ordered =
        [
            Row("2026-01-01T00:05:00", 1, "PC", "action"),
            Row("2026-01-01T00:10:00", 2, "Mobile", "Drama"),
            Row("2026-01-01T00:10:00", 3, "Mobile", "Horror"),
            Row("2026-01-01T00:10:00", 4, "PC", "Action"),
            Row("2026-01-01T00:10:00", 5, "mobile", "Drama"),
        ];
        await WriteAsync([.. ordered.Reverse()]);
        Assert.Equal(ordered, await ReadAsync(DeviceGenre, "2026-01-01"));
    }

    [Fact]
    public async Task A_reader_may_stop_early()
    {
        await WriteAsync([.. Enumerable.Range(0, 100)
            .Select(index => Row("2026-01-01T00:05:00", 1, "Mobile", $"genre {index}"))]);
        await foreach (var row in _store.ReadAsync(DeviceGenre, new DateOnly(2026, 1, 1), CancellationToken.None))
        {
            Assert.Equal(1, row.Count);
            break;
        }

        Assert.Empty(await _store.LateAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_dropped_table_is_one_clear_line()
    {
        await _storage.QueryAsync("drop table viewsByDeviceGenreAggregation");
        var fault = await Assert.ThrowsAsync<StorageException>(() => _store.DatesAsync(DeviceGenre, CancellationToken.None));
        Assert.Contains(_store.Description, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    private static KeyCount Row(string windowEnd, long count, params string[] key) => new(
        new RollupKey(key),
        Window.EndingAt(DateTime.Parse(windowEnd, System.Globalization.CultureInfo.InvariantCulture)),
        count);

    private Task WriteAsync(params KeyCount[] rows) => _writer.CountAsync(DeviceGenre, rows);

    private Task<Balance> TotalsAsync(Rollup rollup) => _store.TotalsAsync(rollup, CancellationToken.None);

    private async Task<List<KeyCount>> ReadAsync(Rollup rollup, string date)
    {
        var day = DateOnly.Parse(date, System.Globalization.CultureInfo.InvariantCulture);
        var rows = new List<KeyCount>();
        await foreach (var row in _store.ReadAsync(rollup, day, CancellationToken.None))
            rows.Add(row);
        return rows;
    }
}
