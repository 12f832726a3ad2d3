using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

public sealed class SqliteResultStoreTests(PostgresFixture postgres)
    : ResultStoreTests(StorageKind.Sqlite, postgres);

public sealed class PostgresResultStoreTests(PostgresFixture postgres)
    : ResultStoreTests(StorageKind.Postgres, postgres);

/// <summary>What the result tables promise, on either database.</summary>
public abstract class ResultStoreTests(StorageKind kind, PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly Rollup DeviceGenre = RollupCatalog.BuiltIn[0];
    private static readonly Rollup GenderAge = RollupCatalog.BuiltIn[1];

    private TestStorage _storage = null!;
    private ResultStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _storage = await TestStorage.CreateAsync(kind, postgres);
        _store = new ResultStore(_storage.Options, RollupCatalog.Default);
        await _store.PrepareAsync(Window.DefaultLength, CancellationToken.None);
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
        await WriteAsync(Bucket(DeviceGenre, 3, Row("2026-01-01T00:05:00", 7, "Mobile", "Drama")));

        Assert.Equal(
            ["Mobile|Drama|7"],
            await _storage.QueryAsync("select device_type, genre, view_count from viewsByDeviceGenreAggregation "
                + "where window_end_utctime = '2026-01-01 00:05:00'"));
        Assert.Equal(
            ["viewsByDeviceGenre|0|3"],
            await _storage.QueryAsync("select rollup, bucket, late_count from pulse_late_events"));
        Assert.Equal(["0"], await _storage.QueryAsync("select count(*) from viewsByGenderAgeGroupAggregation"));
        Assert.Equal(["0"], await _storage.QueryAsync("select count(*) from viewsByLocationMRAggregation"));
        Assert.Equal(["0"], await _storage.QueryAsync("select count(reason) from deadLettersAggregation"));
    }

    [Fact]
    public async Task Preparing_again_changes_nothing()
    {
        await WriteAsync(Bucket(DeviceGenre, 0, Row("2026-01-01T00:05:00", 7, "Mobile", "Drama")));
        await _store.PrepareAsync(Window.DefaultLength, CancellationToken.None);
        Assert.Equal(new RollupTotals(7, 0), await TotalsAsync(DeviceGenre));
    }

    [Fact]
    public async Task Many_nodes_prepare_an_empty_database_at_once()
    {
        await using var empty = await TestStorage.CreateAsync(kind, postgres);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
            new ResultStore(empty.Options, RollupCatalog.Default)
                .PrepareAsync(Window.DefaultLength, CancellationToken.None))));
        Assert.Equal(["0"], await empty.QueryAsync("select count(*) from viewsByDeviceGenreAggregation"));
    }

    [Fact]
    public async Task A_rollup_declared_otherwise_is_refused()
    {
        await PrepareAsync("views", "genre", "country");
        var refusal = await Assert.ThrowsAsync<StorageException>(() => PrepareAsync("Views", "genre"));

        Assert.Contains("views(genre, country)", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Views(genre)", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("another name", refusal.Message, StringComparison.Ordinal);
        Assert.False(refusal.IsTransient);
        await PrepareAsync("views", "genre", "country");
    }

    [Fact]
    public async Task Another_window_length_is_refused()
    {
        var refusal = await Assert.ThrowsAsync<StorageException>(
            () => _store.PrepareAsync(TimeSpan.FromMinutes(1), CancellationToken.None));
        Assert.Contains("300 s", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("60 s", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_whose_windows_were_sealed_is_refused()
    {
        await _storage.QueryAsync("delete from pulse_declarations where name = 'counting rule'");

        var refusal = await Assert.ThrowsAsync<StorageException>(
            () => _store.PrepareAsync(Window.DefaultLength, CancellationToken.None));

        Assert.Contains("earlier version of Pulse", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("empty database", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Counts_only_grow()
    {
        foreach (var count in new long[] { 5, 9, 2 })
            await WriteAsync(Bucket(DeviceGenre, count, Row("2026-01-01T00:05:00", count, "Mobile", "Drama")));
        Assert.Equal(new RollupTotals(9, 9), await TotalsAsync(DeviceGenre));
    }

    [Fact]
    public async Task The_largest_of_one_key_in_one_call_counts()
    {
        await WriteAsync(
            Bucket(DeviceGenre, 1, Row("2026-01-01T00:05:00", 5, "Mobile", "Drama")),
            Bucket(DeviceGenre, 4, Row("2026-01-01T00:05:00", 8, "Mobile", "Drama"), Row("2026-01-01T00:10:00", 1, "Mobile", "Drama")),
            Bucket(DeviceGenre, 2, Row("2026-01-01T00:05:00", 6, "Mobile", "Drama")));
        Assert.Equal(new RollupTotals(9, 4), await TotalsAsync(DeviceGenre));
    }

    [Fact]
    public async Task Counts_beyond_32_bits_and_any_text_come_back()
    {
        var row = Row("2026-01-01T00:05:00", 5_000_000_000, "O'Neil \"TV\"; drop table x --", "ドラマ \ud83c\udfac");
        await WriteAsync(Bucket(DeviceGenre, 0, row));
        Assert.Equal([row], await ReadAsync(DeviceGenre, "2026-01-01"));
        Assert.Equal(5_000_000_000, (await TotalsAsync(DeviceGenre)).Counted);
    }

    [Fact]
    public async Task Rows_belong_to_the_date_of_their_window_s_end()
    {
        await WriteAsync(Bucket(
            DeviceGenre, 0,
            Row("2026-01-02T00:00:00", 2, "Mobile", "Drama"),
            Row("2026-01-01T23:55:00", 1, "Mobile", "Drama"),
            Row("2026-03-01T12:00:00", 3, "Mobile", "Drama")));

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
        await WriteAsync(Bucket(DeviceGenre, 0, [.. ordered.Reverse()]));
        Assert.Equal(ordered, await ReadAsync(DeviceGenre, "2026-01-01"));
    }

    [Fact]
    public async Task Several_statements_of_rows_are_written_whole()
    {
        var rows = Enumerable.Range(0, 2_345)
            .Select(index => Row("2026-01-01T00:05:00", index + 1, "Mobile", $"genre {index:D5}")).ToArray();
        await WriteAsync(Bucket(DeviceGenre, 0, rows));
        Assert.Equal(rows, await ReadAsync(DeviceGenre, "2026-01-01"));
    }

    [Fact]
    public async Task Nodes_that_write_the_same_rows_at_once_do_not_deadlock()
    {
        var rows = Enumerable.Range(0, 600)
            .Select(index => Row("2026-01-01T00:05:00", 1, "Mobile", $"genre {index}")).ToArray();
        await Task.WhenAll(Enumerable.Range(1, 6).Select(node => Task.Run(async () =>
        {
            for (var round = 0; round < 3; round++)
            {
                var mine = rows.Select(row => row with { Count = (node * 10) + round }).ToArray();
                new Random(node).Shuffle(mine);
                await WriteAsync(Bucket(GenderAge, node, mine), Bucket(DeviceGenre, node, mine));
            }
        })));
        Assert.Equal(new RollupTotals(600 * 62, 6), await TotalsAsync(DeviceGenre));
    }

    [Fact]
    public async Task Of_a_bucket_that_another_incarnation_has_overtaken_nothing_is_written()
    {
        await JournalAsync("bucket/overtaken", 7);
        await JournalAsync("bucket/overtaken", 30);
        await JournalAsync("bucket/current", 12);
        var stale = Bucket(DeviceGenre, 5, Row("2026-01-01T00:05:00", 100, "Mobile", "Drama")) with
        {
            Bucket = 1, Checkpoint = new StoredCheckpoint("bucket/overtaken", 7),
        };
        var current = Bucket(DeviceGenre, 1, Row("2026-01-01T00:05:00", 3, "PC", "Drama")) with
        {
            Bucket = 2, Checkpoint = new StoredCheckpoint("bucket/current", 12),
        };

        var overtaken = await _store.UpsertAsync([stale, current], CancellationToken.None);

        Assert.Equal([stale], overtaken);
        Assert.Equal(new RollupTotals(3, 1), await TotalsAsync(DeviceGenre));
    }

    [Fact]
    public async Task A_checkpoint_that_is_not_in_the_journal_writes_nothing()
    {
        var lost = Bucket(DeviceGenre, 0, Row("2026-01-01T00:05:00", 1, "PC", "Drama")) with
        {
            Checkpoint = new StoredCheckpoint("bucket/lost", 1),
        };
        Assert.Equal([lost], await _store.UpsertAsync([lost], CancellationToken.None));
        Assert.Equal(new RollupTotals(0, 0), await TotalsAsync(DeviceGenre));
    }

    [Fact]
    public async Task A_cancelled_write_is_cancelled_and_not_a_fault()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _store.UpsertAsync(
            [Bucket(DeviceGenre, 0, Row("2026-01-01T00:05:00", 1, "Mobile", "Drama"))], cancelled.Token));
    }

    [Fact]
    public async Task A_reader_may_stop_early()
    {
        await WriteAsync(Bucket(DeviceGenre, 0, [.. Enumerable.Range(0, 100)
            .Select(index => Row("2026-01-01T00:05:00", 1, "Mobile", $"genre {index}"))]));
        await foreach (var row in _store.ReadAsync(DeviceGenre, new DateOnly(2026, 1, 1), CancellationToken.None))
        {
            Assert.Equal(1, row.Count);
            break;
        }

        await _store.PingAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_dropped_table_is_one_clear_line()
    {
        await _storage.QueryAsync("drop table viewsByDeviceGenreAggregation");
        var fault = await Assert.ThrowsAsync<StorageException>(() => TotalsAsync(DeviceGenre));
        Assert.Contains(_store.Description, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    private static KeyCount Row(string windowEnd, long count, params string[] key) => new(
        new RollupKey(key),
        Window.EndingAt(DateTime.Parse(windowEnd, System.Globalization.CultureInfo.InvariantCulture)),
        count);

    private static BucketResults Bucket(Rollup rollup, long late, params KeyCount[] rows) =>
        new(rollup, 0, rows, late);

    private Task WriteAsync(params BucketResults[] results) => _store.UpsertAsync(results, CancellationToken.None);

    private Task JournalAsync(string persistenceId, long sequenceNumber) => _storage.QueryAsync(
        $"insert into {PersistenceConfiguration.JournalTable} (created, deleted, persistence_id, sequence_number, message) "
        + FormattableString.Invariant($"values (0, {(kind == StorageKind.Sqlite ? "0" : "false")}, '{persistenceId}', {sequenceNumber}, '')"));

    private Task<RollupTotals> TotalsAsync(Rollup rollup) => _store.TotalsAsync(rollup, CancellationToken.None);

    private async Task<List<KeyCount>> ReadAsync(Rollup rollup, string date)
    {
        var day = DateOnly.Parse(date, System.Globalization.CultureInfo.InvariantCulture);
        var rows = new List<KeyCount>();
        await foreach (var row in _store.ReadAsync(rollup, day, CancellationToken.None))
            rows.Add(row);
        return rows;
    }

    private Task PrepareAsync(string name, params string[] dimensions)
    {
        Assert.Empty(RollupCatalog.TryCreate([new RollupDeclaration { Name = name, Dimensions = dimensions }], out var catalog));
        return new ResultStore(_storage.Options, catalog).PrepareAsync(Window.DefaultLength, CancellationToken.None);
    }
}
