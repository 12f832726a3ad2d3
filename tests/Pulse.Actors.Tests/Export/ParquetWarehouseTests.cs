using DuckDB.NET.Data;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Warehouse;

namespace Pulse.Actors.Tests.Export;

/// <summary>The warehouse's files, read back by DuckDB, which shares no code with their writer.</summary>
public sealed class ParquetWarehouseTests : IDisposable
{
    private static readonly Rollup DeviceGenre = RollupCatalog.BuiltIn[0];
    private static readonly DateOnly Date = new(2026, 1, 1);

    private readonly string _root = Directory.CreateTempSubdirectory("pulse-warehouse-").FullName;
    private readonly ParquetWarehouse _warehouse;

    public ParquetWarehouseTests() => _warehouse = new ParquetWarehouse(Path.Combine(_root, "warehouse"));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Rows_are_read_back_with_the_contract_s_columns_and_types()
    {
        var exported = await ReplaceAsync(Date, Row("00:00", 3, "PC", "Drama"), Row("23:55", 5_000_000_000, "Smart TV", "ドラマ"));

        Assert.Equal(
            [
                "device_type|VARCHAR", "genre|VARCHAR", "view_count|BIGINT", "date|DATE", "hour|VARCHAR", "min|VARCHAR",
                "window_end|TIMESTAMP WITH TIME ZONE",
            ],
            Query($"select column_name, column_type from (describe select * from read_parquet('{Files}', hive_partitioning = false))"));
        Assert.Equal(
            ["PC|Drama|3|2026-01-01|0|0|1767225600", "Smart TV|ドラマ|5000000000|2026-01-01|23|55|1767311700"],
            Query("select device_type, genre, view_count, cast(date as varchar), hour, min, cast(epoch(window_end) as bigint) "
                + $"from read_parquet('{Files}', hive_partitioning = false) order by window_end"));
        Assert.Equal(2, exported.Rows);
        Assert.Equal(5_000_000_003, exported.ViewCount);
        Assert.Equal(new FileInfo(FileOf(Date)).Length, exported.Bytes);
    }

    [Fact]
    public async Task Dates_are_partitions_for_a_reader_that_knows_them()
    {
        await ReplaceAsync(Date, Row("00:05", 3, "PC", "Drama"));
        await ReplaceAsync(Date.AddDays(1), Row("00:05", 4, "PC", "Drama", Date.AddDays(1)));
        Assert.Equal(
            ["2026-01-01|3", "2026-01-02|4"],
            Query($"select cast(date as varchar), sum(view_count)::bigint from read_parquet('{Files}', hive_partitioning = true) "
                + "group by date order by date"));
        Assert.Equal(
            ["4"],
            Query($"select view_count from read_parquet('{Files}', hive_partitioning = true) where date = date '2026-01-02'"));
    }

    [Fact]
    public async Task Hour_and_minute_are_not_padded()
    {
        await ReplaceAsync(Date, Row("09:05", 1, "PC", "Drama"));
        Assert.Equal(["9|5"], Query($"select hour, min from read_parquet('{Files}')"));
    }

    [Fact]
    public async Task A_second_replacement_leaves_what_one_leaves()
    {
        await ReplaceAsync(Date, Row("00:05", 3, "PC", "Drama"), Row("00:10", 3, "PC", "Drama"));
        var first = await File.ReadAllBytesAsync(FileOf(Date));
        await ReplaceAsync(Date, Row("00:05", 3, "PC", "Drama"), Row("00:10", 3, "PC", "Drama"));
        Assert.Equal(first, await File.ReadAllBytesAsync(FileOf(Date)));
        Assert.Equal(["2"], Query($"select count(*) from read_parquet('{Files}')"));
    }

    [Fact]
    public async Task More_rows_than_one_row_group_holds()
    {
        const int Count = 120_001;
        var exported = await ReplaceAsync(Date, ManyAsync());
        Assert.Equal(Count, exported.Rows);
        Assert.Equal(
            [$"{Count}|{Count}|{(long)Count * (Count - 1) / 2}|3"],
            Query($"select count(*), count(distinct genre), sum(view_count)::bigint, "
                + $"(select count(distinct row_group_id) from parquet_metadata('{Files}')) from read_parquet('{Files}')"));

        static async IAsyncEnumerable<KeyCount> ManyAsync()
        {
            for (var index = 0; index < Count; index++)
            {
                if (index % 1000 == 0)
                    await Task.Yield();
                yield return Row("00:05", index, "PC", $"genre {index}");
            }
        }
    }

    [Fact]
    public async Task Nothing_for_a_date_removes_its_file()
    {
        await ReplaceAsync(Date, Row("00:05", 3, "PC", "Drama"));
        Assert.Equal((0, 0, 0), await ReplacedAsync());
        Assert.False(Directory.Exists(Path.GetDirectoryName(FileOf(Date))));
        Assert.Equal((0, 0, 0), await ReplacedAsync());

        async Task<(long, long, long)> ReplacedAsync()
        {
            var exported = await ReplaceAsync(Date);
            return (exported.Rows, exported.ViewCount, exported.Bytes);
        }
    }

    [Fact]
    public async Task An_export_that_breaks_half_way_leaves_the_previous_rows()
    {
        await ReplaceAsync(Date, Row("00:05", 3, "PC", "Drama"));
        await Assert.ThrowsAsync<StorageException>(
            () => ReplaceAsync(Date, BreaksAsync()));
        Assert.Equal(["3"], Query($"select view_count from read_parquet('{Files}')"));
        Assert.Equal([FileOf(Date)], Directory.GetFiles(Path.GetDirectoryName(FileOf(Date))!));

        static async IAsyncEnumerable<KeyCount> BreaksAsync()
        {
            for (var index = 0; index < 60_000; index++)
                yield return Row("00:05", 9, "PC", $"genre {index}");
            await Task.Yield();
            throw new StorageException("The database went away.");
        }
    }

    [Fact]
    public async Task What_a_crash_left_over_is_not_read_and_goes_with_the_next_export()
    {
        await ReplaceAsync(Date, Row("00:05", 3, "PC", "Drama"));
        var leftover = Path.Combine(Path.GetDirectoryName(FileOf(Date))!, ".views.parquet.0123.tmp");
        await File.WriteAllTextAsync(leftover, "half a file");
        Assert.Equal(["1"], Query($"select count(*) from read_parquet('{Files}')"));

        await ReplaceAsync(Date, Row("00:05", 3, "PC", "Drama"));
        Assert.False(File.Exists(leftover));
    }

    [Fact]
    public async Task Staged_rows_are_in_place_only_after_their_load_and_only_as_long_as_nobody_changes_them()
    {
        await using (var staged = await StageAsync(3))
        {
            Assert.False(await staged.IsInPlaceAsync(true, CancellationToken.None));
            await staged.LoadAsync(default, default, _ => { }, CancellationToken.None);
            Assert.True(await staged.IsInPlaceAsync(true, CancellationToken.None));
        }

        await using (var same = await StageAsync(3))
            Assert.True(await same.IsInPlaceAsync(true, CancellationToken.None));
        await using (var other = await StageAsync(4))
            Assert.False(await other.IsInPlaceAsync(true, CancellationToken.None));
        await File.WriteAllTextAsync(FileOf(Date), "not Parquet");
        await using (var damaged = await StageAsync(3))
            Assert.False(await damaged.IsInPlaceAsync(true, CancellationToken.None));
        Assert.Equal([FileOf(Date)], Directory.GetFiles(Path.GetDirectoryName(FileOf(Date))!));

        Task<IStagedDate> StageAsync(long count) => _warehouse.StageAsync(
            DeviceGenre, Date, ListedAsync([Row("00:05", count, "PC", "Drama")]), CancellationToken.None);
    }

    [Fact]
    public async Task Staging_alone_leaves_nothing_behind()
    {
        await using (await _warehouse.StageAsync(
            DeviceGenre, Date, ListedAsync([Row("00:05", 3, "PC", "Drama")]), CancellationToken.None))
            Assert.NotEmpty(Directory.GetFiles(Path.GetDirectoryName(FileOf(Date))!));

        Assert.False(Directory.Exists(Path.GetDirectoryName(FileOf(Date))));
    }

    [Fact]
    public async Task A_place_that_can_not_be_written_is_one_clear_line()
    {
        await File.WriteAllTextAsync(Path.Combine(_root, "warehouse"), "a file where the directory should be");
        var fault = await Assert.ThrowsAsync<WarehouseException>(
            () => ReplaceAsync(Date, Row("00:05", 3, "PC", "Drama")));
        Assert.Contains(Path.Combine(_root, "warehouse"), fault.Message, StringComparison.Ordinal);
        Assert.Contains("viewsByDeviceGenre of 2026-01-01", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    private string Files => Path.Combine(_root, "warehouse", DeviceGenre.Name, "*", "*.parquet");

    private string FileOf(DateOnly date) =>
        Path.Combine(_root, "warehouse", DeviceGenre.Name, $"date={date:yyyy-MM-dd}", "views.parquet");

    private static KeyCount Row(string end, long count, string device, string genre, DateOnly? date = null) => new(
        new RollupKey(device, genre),
        Window.EndingAt((date ?? Date).ToDateTime(TimeOnly.ParseExact(end, "HH:mm", null), DateTimeKind.Utc)),
        count);

    private Task<ExportedDate> ReplaceAsync(DateOnly date, params KeyCount[] rows) =>
        ReplaceAsync(date, ListedAsync(rows));

    private async Task<ExportedDate> ReplaceAsync(DateOnly date, IAsyncEnumerable<KeyCount> rows)
    {
        await using var staged = await _warehouse.StageAsync(DeviceGenre, date, rows, CancellationToken.None);
        return await staged.LoadAsync(default, default, _ => { }, CancellationToken.None);
    }

    private static async IAsyncEnumerable<KeyCount> ListedAsync(KeyCount[] rows)
    {
        await Task.Yield();
        foreach (var row in rows)
            yield return row;
    }

    private static List<string> Query(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount)
                .Select(index => FormattableString.Invariant($"{reader.GetValue(index)}"))));
        return rows;
    }
}
