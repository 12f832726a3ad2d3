using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Storage.Cuts;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Cuts;

public sealed class SqliteCutAcceptanceTests(PostgresFixture postgres) : CutAcceptanceTests(StorageKind.Sqlite, postgres);

public sealed class PostgresCutAcceptanceTests(PostgresFixture postgres) : CutAcceptanceTests(StorageKind.Postgres, postgres);

/// <summary>What the acceptance of a cut changes, and what it leaves.</summary>
public abstract class CutAcceptanceTests(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    private static readonly StreamPartition Partition = new("cluster/events/id", 2);
    private static readonly LogPosition Cut = new(60, 4);

    [Fact]
    public async Task Positions_go_back_the_offsets_become_gaps_and_numbers_and_other_partitions_stay()
    {
        var node = await FilledAsync();
        var counters = await CountersAsync();
        var names = await NamesAsync();
        var buckets = await node.Cuts.ReadAsync(Partition, CancellationToken.None);
        Assert.Equal(49, buckets.Count);
        Assert.All(buckets, bucket => Assert.Equal(new LogPosition(100, LogPosition.UnknownEpoch), bucket.Position));

        var moved = await node.Cuts.RunAsync(buckets, [.. buckets.Select(bucket => new BucketCut(bucket, Cut))], "ann@host", CancellationToken.None);

        Assert.Empty(moved);
        Assert.Equal(["cluster/events/id 40 - 60@4"], await Storage.QueryAsync("select distinct positions from pulse_bucket"));
        Assert.Equal(["cluster/events/id|2|60|100|cut|49"], await Storage.QueryAsync(
            "select stream, partition, from_offset, to_offset, kind, count(*) from pulse_gap group by stream, partition, from_offset, to_offset, kind"));
        Assert.Equal(counters, await CountersAsync());
        Assert.Empty((await NamesAsync()).Intersect(names));
        var action = Assert.Single(await node.Actions.ReadAsync(10, null, CancellationToken.None));
        Assert.Equal("ann@host", action.Who);
        Assert.StartsWith("accept-cut: partition cluster/events/id[2], offsets 60 to 99 of buckets ", action.What, StringComparison.Ordinal);
        Assert.EndsWith(" and 46 more.", action.What, StringComparison.Ordinal);
        Assert.InRange(action.AtUtc, DateTime.UtcNow.AddMinutes(-2), DateTime.UtcNow.AddMinutes(2));
    }

    [Theory]
    [InlineData(90, 60)]
    [InlineData(50, 50)]
    public async Task A_sink_that_stands_beyond_the_cut_sends_again_from_there_and_no_other_moves(long position, long expected)
    {
        var node = await FilledAsync();
        var buckets = await node.Cuts.ReadAsync(Partition, CancellationToken.None);
        var other = Partition with { Partition = 0 };
        await node.Sinks.StoreAsync(
            SinkPositions.DeadLetters, [KeyValuePair.Create(Partition, position), KeyValuePair.Create(other, 90L)], CancellationToken.None);

        await node.Cuts.RunAsync(buckets, [.. buckets.Select(bucket => new BucketCut(bucket, Cut))], "ann@host", CancellationToken.None);

        var stored = await node.Sinks.ReadAsync(SinkPositions.DeadLetters, Partition.Stream, CancellationToken.None);
        Assert.Equal((expected, 90L), (stored[Partition.Partition], stored[other.Partition]));
    }

    [Fact]
    public async Task A_bucket_that_is_not_in_doubt_stays_where_it_is_and_drops_what_it_holds_beyond_its_row()
    {
        var node = await FilledAsync();
        var buckets = await node.Cuts.ReadAsync(Partition, CancellationToken.None);
        var doubtful = buckets.Single(bucket => bucket.Bucket == new BucketId("viewsByDeviceGenre", 3));
        var names = await NamesAsync();

        await node.Cuts.RunAsync(buckets, [new BucketCut(doubtful, Cut)], "ann@host", CancellationToken.None);

        Assert.Empty((await NamesAsync()).Intersect(names));
        Assert.Equal(48, (await node.Cuts.ReadAsync(Partition, CancellationToken.None)).Count(bucket => bucket.Position.Offset == 100));
        Assert.Equal(["3|60|100"], await Storage.QueryAsync("select bucket, from_offset, to_offset from pulse_gap"));
    }

    [Fact]
    public async Task Where_one_bucket_moved_on_nothing_is_changed()
    {
        var node = await FilledAsync();
        var buckets = await node.Cuts.ReadAsync(Partition, CancellationToken.None);
        await Storage.QueryAsync("update pulse_bucket set positions = replace(positions, '100', '101') where version = 2 and bucket = 5");
        var before = await ContentAsync();

        var moved = await node.Cuts.RunAsync(buckets, [.. buckets.Select(bucket => new BucketCut(bucket, Cut))], "ann@host", CancellationToken.None);

        var one = Assert.Single(moved);
        Assert.Equal(5, one.Number);
        Assert.Equal(before, await ContentAsync());
        Assert.Empty(await node.Actions.ReadAsync(10, null, CancellationToken.None));
    }

    [Fact]
    public async Task Where_a_bucket_that_was_not_in_doubt_moved_on_nothing_is_changed()
    {
        var node = await FilledAsync();
        var buckets = await node.Cuts.ReadAsync(Partition, CancellationToken.None);
        await Storage.QueryAsync("update pulse_bucket set positions = replace(positions, '100', '101') where version = 2 and bucket = 5");
        var before = await ContentAsync();

        // It stored what it had counted of the log that was cut.
        var moved = await node.Cuts.RunAsync(buckets, [new BucketCut(buckets[0], Cut)], "ann@host", CancellationToken.None);

        Assert.Equal(5, Assert.Single(moved).Number);
        Assert.Equal(before, await ContentAsync());
    }

    [Fact]
    public async Task A_bucket_that_moved_in_another_partition_is_accepted_and_keeps_that()
    {
        var node = await FilledAsync();
        var buckets = await node.Cuts.ReadAsync(Partition, CancellationToken.None);
        await new BucketWriter(node, RollupCatalog.Default).MoveAsync(Partition with { Partition = 0 }, 44);

        Assert.Empty(await node.Cuts.RunAsync(buckets, [.. buckets.Select(bucket => new BucketCut(bucket, Cut))], "ann@host", CancellationToken.None));

        Assert.Equal(["cluster/events/id 44 - 60@4"], await Storage.QueryAsync("select distinct positions from pulse_bucket"));
    }

    [Fact]
    public async Task What_a_bucket_had_on_its_way_is_not_stored()
    {
        var node = await FilledAsync();
        var bucket = new BucketId("viewsByDeviceGenre", 3);
        var row = (await node.Checkpoints.TakeOverAsync([bucket], CancellationToken.None))[bucket];
        var buckets = await node.Cuts.ReadAsync(Partition, CancellationToken.None);

        await node.Cuts.RunAsync(buckets, [.. buckets.Select(each => new BucketCut(each, Cut))], "ann@host", CancellationToken.None);

        var late = new CheckpointStatement(bucket, row.Checkpoint, new CheckpointId(Guid.NewGuid()), row.Positions, default, [], []);
        Assert.Equal(
            StatementResult.NotStored, Assert.Single(await node.Checkpoints.StoreAsync([late], null, CancellationToken.None)).Result);
    }

    [Fact]
    public async Task Two_partitions_are_accepted_together()
    {
        var node = await FilledAsync();
        var first = Partition with { Partition = 0 };
        var cuts = (await node.Cuts.ReadAsync(Partition, CancellationToken.None)).Select(bucket => new BucketCut(bucket, Cut))
            .Concat((await node.Cuts.ReadAsync(first, CancellationToken.None)).Select(bucket => new BucketCut(bucket, new LogPosition(10, 1))));

        Assert.Empty(await node.Cuts.RunAsync([], [.. cuts], "ann@host", CancellationToken.None));

        Assert.Equal(["cluster/events/id 10@1 - 60@4"], await Storage.QueryAsync("select distinct positions from pulse_bucket"));
        Assert.Contains("[0], offsets 10 to 39 ", Assert.Single(await node.Actions.ReadAsync(10, null, CancellationToken.None)).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rebuild_leaves_nothing_of_it_and_its_own_action()
    {
        var node = await FilledAsync();
        var buckets = await node.Cuts.ReadAsync(Partition, CancellationToken.None);
        await node.Cuts.RunAsync(buckets, [.. buckets.Select(bucket => new BucketCut(bucket, Cut))], "ann@host", CancellationToken.None);

        await node.RebuildAsync([.. RollupCatalog.Default.Counted], CountingRules.Default, "bob@host", CancellationToken.None);

        Assert.Equal(["0"], await Storage.QueryAsync("select count(*) from pulse_gap"));
        var actions = await node.Actions.ReadAsync(10, null, CancellationToken.None);
        Assert.Equal(["bob@host", "ann@host"], actions.Select(action => action.Who));
        Assert.Equal(
            "rebuild: viewsByDeviceGenre; viewsByGenderAgeGroup; viewsByLocationMR; deadLetters counted again from the start of the log.",
            actions[0].What);
    }

    // All buckets stand at 40 of partition 0 and at 100 of partition 2.
    private async Task<NodeStorage> FilledAsync()
    {
        var node = await Storage.OpenPreparedAsync();
        var writer = new BucketWriter(node, RollupCatalog.Default);
        await writer.CountAsync(
            RollupCatalog.BuiltIn[0],
            [new KeyCount(new RollupKey("Mobile", "Drama"), Window.EndingAt(new DateTime(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc)), 5)]);
        await writer.MoveAsync(Partition with { Partition = 0 }, 40);
        await writer.MoveAsync(Partition, 100);
        return node;
    }

    private Task<IReadOnlyList<string>> CountersAsync() => Storage.QueryAsync(
        "select version, bucket, counted, late, dead, filtered, consumed from pulse_bucket order by version, bucket");

    private async Task<IReadOnlyList<string>> NamesAsync() =>
        await Storage.QueryAsync($"select {(Kind == StorageKind.Sqlite ? "hex(checkpoint)" : "checkpoint")} from pulse_bucket");

    private async Task<IReadOnlyList<string>> ContentAsync() =>
    [
        .. (await NamesAsync()).Order(StringComparer.Ordinal),
        .. await Storage.QueryAsync("select positions from pulse_bucket order by version, bucket"),
        .. await Storage.QueryAsync("select * from pulse_gap"),
    ];
}
