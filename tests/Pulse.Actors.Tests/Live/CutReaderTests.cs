using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Live;

public sealed class SqliteCutReaderTests(PostgresFixture postgres) : CutReaderTests(StorageKind.Sqlite, postgres);

public sealed class PostgresCutReaderTests(PostgresFixture postgres) : CutReaderTests(StorageKind.Postgres, postgres);

/// <summary>When a rollup is at a cut, and what its balance is then.</summary>
public abstract class CutReaderTests(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    private const string Third = "bucket = 3 and version = (select version from pulse_version where rollup = 'viewsByDeviceGenre')";
    private static readonly Rollup DeviceGenre = RollupCatalog.BuiltIn[0];
    private static readonly StreamPartition Partition = new("cluster/topic/id", 1);
    private static readonly DateTime Now = new(2026, 11, 26, 12, 0, 0, DateTimeKind.Utc);

    private CutReader _reader = null!;

    [Fact]
    public async Task At_a_cut_the_terms_of_all_buckets_are_added_up()
    {
        await StoreAsync();

        var seen = await _reader.ReadAsync(Now, CancellationToken.None);

        Assert.Equal(RollupCatalog.Default.Counted.Select(rollup => rollup.Name), seen.Select(each => each.Rollup));
        Assert.Equal(new RollupBalance(DeviceGenre.Name, Now, new Balance(12, 3, 0, 0, 15)), seen[0]);
        Assert.All(seen, each => Assert.Equal((false, null), (each.IsFault, each.Problem)));
    }

    [Theory]
    [InlineData("update pulse_bucket set positions = 'cluster/topic/id - 11' where " + Third)]
    [InlineData("update pulse_bucket set positions = 'cluster/topic/id 1 10' where " + Third)]
    [InlineData("update pulse_bucket set positions = 'cluster/topic/id - 10\nother/topic 4' where " + Third)]
    [InlineData("update pulse_bucket set positions = '' where " + Third)]
    [InlineData("delete from pulse_bucket where " + Third)]
    public async Task While_a_bucket_stands_elsewhere_its_rollup_is_at_no_cut_and_others_are(string change)
    {
        await StoreAsync();
        await Storage.QueryAsync(change);

        var seen = await _reader.ReadAsync(Now, CancellationToken.None);

        Assert.Equal(RollupCatalog.Default.Counted.Skip(1).Select(rollup => rollup.Name), seen.Select(each => each.Rollup));
    }

    [Theory]
    [InlineData("cluster/topic/id 0 10@3")]
    [InlineData("cluster/topic/id - 10 0")]
    [InlineData("older/topic 0\ncluster/topic/id - 10")]
    public async Task Another_text_may_say_the_same(string positions)
    {
        await StoreAsync();
        await Storage.QueryAsync($"update pulse_bucket set positions = '{positions}' where {Third}");

        Assert.Equal(4, (await _reader.ReadAsync(Now, CancellationToken.None)).Count);
    }

    [Fact]
    public async Task What_is_not_even_is_a_fault_with_all_numbers()
    {
        await StoreAsync();
        await Storage.QueryAsync($"update pulse_bucket set counted = counted + 2, filtered = 1 where {Third}");

        var seen = (await _reader.ReadAsync(Now, CancellationToken.None))[0];

        Assert.True(seen.IsFault);
        Assert.Equal(
            "Of viewsByDeviceGenre, 15 records were consumed, and 14 counted + 3 late + 0 dead + 1 filtered are 18 (at a cut seen at "
            + "2026-11-26 12:00:00 UTC). That is a fault of Pulse, and counts of this rollup may be wrong. Keep a copy of the database, and "
            + "report this line.",
            seen.Problem);
    }

    [Theory]
    [InlineData(2, 15, false)]
    [InlineData(3, 15, true)]
    [InlineData(2, 16, true)]
    [InlineData(2, 0, true)]
    public async Task Records_that_retention_took_from_some_buckets_alone_explain_as_many(int missing, int bucketsWithTheGap, bool isFault)
    {
        await StoreAsync();
        await Storage.QueryAsync($"update pulse_bucket set counted = counted - {missing} where {Third}");
        for (var bucket = 0; bucket < bucketsWithTheGap; bucket++)
            await Storage.QueryAsync("insert into pulse_gap (version, bucket, stream, partition, from_offset, to_offset) "
                + $"select version, {bucket}, 'cluster/topic/id', 1, 4, 6 from pulse_version where rollup = 'viewsByDeviceGenre'");

        var seen = (await _reader.ReadAsync(Now, CancellationToken.None))[0];

        Assert.Equal(isFault, seen.IsFault);
        Assert.Equal(!isFault, seen.Problem!.Contains("table pulse_gap has their offsets", StringComparison.Ordinal));
    }

    private async Task StoreAsync()
    {
        var node = await Storage.OpenPreparedAsync();
        _reader = new CutReader(node.Checkpoints, RollupCatalog.Default);
        var writer = new BucketWriter(node, RollupCatalog.Default);
        await writer.CountAsync(
            DeviceGenre,
            Enumerable.Range(0, 12).Select(number => new KeyCount(new RollupKey("Mobile", $"genre {number}"), new Window(600), 1)),
            late: 3);
        await writer.MoveAsync(Partition, 10);
    }
}
