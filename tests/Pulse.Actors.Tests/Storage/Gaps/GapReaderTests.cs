using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Gaps;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Gaps;

public sealed class SqliteGapReaderTests(PostgresFixture postgres) : GapReaderTests(StorageKind.Sqlite, postgres);

public sealed class PostgresGapReaderTests(PostgresFixture postgres) : GapReaderTests(StorageKind.Postgres, postgres);

/// <summary>Every bucket stores a gap, and people see it once.</summary>
public abstract class GapReaderTests(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    [Fact]
    public async Task A_gap_of_all_buckets_is_one_and_of_another_kind_another()
    {
        var node = await FilledAsync();

        var gaps = await node.Gaps.ReadAsync(0, 10, CancellationToken.None);

        Assert.Equal(
            [("stream", 0, GapKind.Retention, 5L, 25L, 49), ("stream", 1, GapKind.Cut, 10, 30, 49), ("stream", 1, GapKind.Cut, 20, 40, 1)],
            gaps.Select(gap => (gap.Stream, gap.Partition, gap.Kind, gap.From, gap.To, gap.Buckets)));
        Assert.Equal([20, 20, 20], gaps.Select(gap => gap.Records));
        Assert.All(gaps, gap => Assert.InRange(gap.StoredUtc, DateTime.UtcNow.AddMinutes(-2), DateTime.UtcNow.AddMinutes(2)));
        Assert.Equal(gaps.Skip(1).Take(1), await node.Gaps.ReadAsync(1, 1, CancellationToken.None));
    }

    [Fact]
    public async Task Offsets_are_added_up_once_however_ranges_overlap()
    {
        var node = await FilledAsync();

        Assert.Equal(
            [new GapSum("stream", 0, GapKind.Retention, 20), new GapSum("stream", 1, GapKind.Cut, 30)],
            await node.Gaps.SumAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_kind_of_a_later_version_is_refused_in_a_line()
    {
        var node = await FilledAsync();
        await Storage.QueryAsync("update pulse_gap set kind = 'stolen' where from_offset = 20");

        var fault = await Assert.ThrowsAsync<StorageException>(() => node.Gaps.SumAsync(CancellationToken.None));

        Assert.Contains("a gap of the kind 'stolen'", fault.Message, StringComparison.Ordinal);
    }

    // The statement of a database's first version names no kind.
    private async Task<NodeStorage> FilledAsync()
    {
        var node = await Storage.OpenPreparedAsync();
        await Storage.QueryAsync(
            "insert into pulse_gap (version, bucket, stream, partition, from_offset, to_offset) select version, bucket, 'stream', 0, 5, 25 from pulse_bucket");
        await Storage.QueryAsync(
            "insert into pulse_gap (version, bucket, stream, partition, from_offset, to_offset, kind) select version, bucket, 'stream', 1, 10, 30, 'cut' from pulse_bucket");
        await Storage.QueryAsync(
            "insert into pulse_gap (version, bucket, stream, partition, from_offset, to_offset, kind) values (1, 2, 'stream', 1, 20, 40, 'cut')");
        // All of one time, so that their order is that of the places.
        await Storage.QueryAsync("update pulse_gap set stored_at = (select min(stored_at) from pulse_gap)");
        return node;
    }
}
