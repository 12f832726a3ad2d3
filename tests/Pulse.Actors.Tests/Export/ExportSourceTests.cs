using Pulse.Actors.Coordination;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;
using Pulse.Warehouse;

namespace Pulse.Actors.Tests.Export;

public sealed class SqliteExportSourceTests(PostgresFixture postgres) : ExportSourceTests(StorageKind.Sqlite, postgres);

public sealed class PostgresExportSourceTests(PostgresFixture postgres) : ExportSourceTests(StorageKind.Postgres, postgres);

/// <summary>What an export reads, on either database.</summary>
public abstract class ExportSourceTests(StorageKind kind, PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly StreamPartition Partition = new("stream", 0);
    private static readonly Rollup DeviceGenre = RollupCatalog.BuiltIn[0];
    private static readonly Rollup GenderAge = RollupCatalog.BuiltIn[1];
    private static readonly DateOnly NewYear = new(2026, 1, 1);

    private static readonly CompletionAccepted Completion = new(
        new CompletionId(Partition.Stream, 0, 0), DateTime.UnixEpoch, DateTime.UnixEpoch, [new PartitionRange(0, 0, 10)]);

    private TestStorage _storage = null!;
    private BucketWriter _writer = null!;
    private ExportSource _source = null!;

    public async ValueTask InitializeAsync()
    {
        _storage = await TestStorage.CreateAsync(kind, postgres);
        var node = await _storage.OpenPreparedAsync();
        _writer = new BucketWriter(node, RollupCatalog.Default);
        _source = new ExportSource(node, RollupCatalog.Default);
    }

    public async ValueTask DisposeAsync()
    {
        if (_storage is not null)
            await _storage.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Dates_and_rows_are_read_where_everything_is_stored_to_the_completion_s_ends()
    {
        await _writer.CountAsync(DeviceGenre, [Row(0, "PC", 3), Row(1, "PC", 4)]);
        await _writer.CountAsync(GenderAge, [Row(0, "Female", 5)]);
        await _writer.MoveAsync(Partition, 10);

        Assert.Equal(
            [new RollupDate(DeviceGenre.Name, NewYear), new RollupDate(GenderAge.Name, NewYear), new RollupDate(DeviceGenre.Name, NewYear.AddDays(1))],
            await _source.ReadDatesAsync(Completion, CancellationToken.None));
        Assert.Equal([Row(1, "PC", 4)], await ReadAsync(Completion, NewYear.AddDays(1)));
    }

    [Fact]
    public async Task Where_less_is_stored_nothing_is_read_for_a_completion_but_all_there_is_without_one()
    {
        await _writer.CountAsync(DeviceGenre, [Row(0, "PC", 3)]);
        await _writer.MoveAsync(Partition, 9);

        await Assert.ThrowsAsync<StorageWentBackException>(() => _source.ReadDatesAsync(Completion, CancellationToken.None));
        var fault = await Assert.ThrowsAsync<StorageWentBackException>(() => ReadAsync(Completion, NewYear));

        Assert.Contains("are not any more: 1.", fault.Message, StringComparison.Ordinal);
        Assert.Single(await _source.ReadDatesAsync(null, CancellationToken.None));
        Assert.Equal([Row(0, "PC", 3)], await ReadAsync(null, NewYear));
    }

    [Fact]
    public async Task What_the_counts_of_a_rollup_lack_is_the_sum_of_its_gaps_each_once()
    {
        await _storage.QueryAsync(
            "insert into pulse_gap (version, bucket, stream, partition, from_offset, to_offset, kind) "
            + "select version, bucket, 'stream', 0, 5, 25, 'retention' from pulse_bucket where version = 1 union all "
            + "select version, bucket, 'stream', 1, 5, 12, 'cut' from pulse_bucket where version = 1");

        Assert.Equal(new KnownGaps(20, 7), await _source.ReadGapsAsync(DeviceGenre, CancellationToken.None));
        Assert.True((await _source.ReadGapsAsync(GenderAge, CancellationToken.None)).AreNone);
    }

    [Fact]
    public async Task A_bucket_whose_row_is_gone_has_stored_nothing()
    {
        await _writer.MoveAsync(Partition, 10);
        Assert.Equal(10, (await _source.ReadStoredAsync(Partition.Stream, CancellationToken.None))[0]);

        await _storage.QueryAsync("delete from pulse_bucket where bucket = 0 and version = 1");

        Assert.Equal(0, (await _source.ReadStoredAsync(Partition.Stream, CancellationToken.None))[0]);
    }

    [Fact]
    public async Task Positions_that_can_not_be_read_are_named_with_their_bucket_and_what_to_do()
    {
        await _writer.MoveAsync(Partition, 10);
        await _storage.QueryAsync("update pulse_bucket set positions = 'stream seven' where version = 1 and bucket = 3");

        // More often than a node has connections: each of them is given back.
        for (var attempt = 0; attempt < 5; attempt++)
        {
            foreach (var reading in (Func<Task>[])[
                () => _source.ReadStoredAsync(Partition.Stream, CancellationToken.None),
                () => _source.ReadDatesAsync(Completion, CancellationToken.None),
                () => ReadAsync(Completion, NewYear)])
            {
                var fault = await Assert.ThrowsAsync<StorageException>(reading);
                Assert.Equal(
                    $"The positions of bucket {DeviceGenre.Name}/3 in table pulse_bucket can't be read: Line 1, partition 0: 'seven' is no "
                    + "position such as 1500@3. Restore the whole database from a backup.",
                    fault.Message);
            }
        }
    }

    private static KeyCount Row(int day, string first, long count) => new(
        new RollupKey(first, "any"), Window.EndingAt(NewYear.AddDays(day).ToDateTime(new TimeOnly(0, 5), DateTimeKind.Utc)), count);

    private async Task<List<KeyCount>> ReadAsync(CompletionAccepted? completion, DateOnly date)
    {
        var rows = new List<KeyCount>();
        await foreach (var row in _source.ReadRowsAsync(completion, DeviceGenre, date, CancellationToken.None))
            rows.Add(row);
        return rows;
    }
}
