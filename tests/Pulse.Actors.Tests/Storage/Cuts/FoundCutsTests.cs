using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Storage.Cuts;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Cuts;

public sealed class SqliteFoundCutsTests(PostgresFixture postgres) : FoundCutsTests(StorageKind.Sqlite, postgres);

public sealed class PostgresFoundCutsTests(PostgresFixture postgres) : FoundCutsTests(StorageKind.Postgres, postgres);

/// <summary>What is kept of a log that was found cut, until somebody decides.</summary>
public abstract class FoundCutsTests(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    private static readonly StreamPartition Partition = new("cluster/events/id", 2);
    private static readonly LogPosition From = new(60, 4);

    private NodeStorage _node = null!;

    [Fact]
    public async Task It_names_the_offsets_and_the_buckets_that_have_stored_more()
    {
        await FillAsync();
        Assert.Null(await ReadAsync());

        await KeepAsync(new LogPosition(80, 4));
        await KeepAsync(From);
        await KeepAsync(new LogPosition(70, 1));

        var found = (await ReadAsync())!;
        Assert.Equal((Partition, From), (found.Partition, found.From));
        Assert.Equal(49, found.Buckets.Count);
        Assert.Contains("offsets 60 to 99 are in doubt", found.Notice, StringComparison.Ordinal);
        Assert.Contains("buckets viewsByDeviceGenre/0, ", found.Notice, StringComparison.Ordinal);
        Assert.Null(await _node.FoundCuts.ReadAsync(Partition with { Partition = 0 }, CancellationToken.None));
        Assert.Null(await _node.FoundCuts.ReadAsync(Partition with { Stream = "another" }, CancellationToken.None));
    }

    [Fact]
    public async Task It_moves_down_to_what_shows_further_below_and_never_up_and_never_comes_back()
    {
        await FillAsync();
        await LowerAsync(new LogPosition(10, 1));
        Assert.Null(await ReadAsync());
        await KeepAsync(null);

        await LowerAsync(From);
        Assert.Equal(From, (await ReadAsync())!.From);
        await LowerAsync(new LogPosition(70, 4));
        Assert.Equal(From, (await ReadAsync())!.From);
        await LowerAsync(new LogPosition(20, LogPosition.UnknownEpoch));
        Assert.Equal(new LogPosition(20, LogPosition.UnknownEpoch), (await ReadAsync())!.From);
    }

    [Fact]
    public async Task What_lies_below_what_is_stored_is_kept_and_what_does_not_is_not()
    {
        await FillAsync();

        await _node.FoundCuts.KeepBelowStoredAsync(Partition, new LogPosition(100, LogPosition.UnknownEpoch), CancellationToken.None);
        Assert.Null(await ReadAsync());
        await _node.FoundCuts.KeepBelowStoredAsync(Partition, new LogPosition(99, LogPosition.UnknownEpoch), CancellationToken.None);

        Assert.Equal(new LogPosition(99, LogPosition.UnknownEpoch), (await ReadAsync())!.From);
    }

    [Fact]
    public async Task Where_nobody_said_the_place_all_that_was_counted_is_in_doubt()
    {
        await FillAsync();

        await KeepAsync(null);

        var found = (await ReadAsync())!;
        Assert.Null(found.From);
        Assert.Equal(49, found.Buckets.Count);
        Assert.Contains("offsets up to 99 are in doubt", found.Notice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_that_is_stored_is_in_doubt_it_says_so_and_can_be_forgotten()
    {
        await FillAsync();
        await KeepAsync(new LogPosition(100, 4));
        var found = (await ReadAsync())!;
        Assert.Empty(found.Buckets);
        Assert.Contains("Nothing that is stored is in doubt: 'pulse accept-cut --partition 2'", found.Notice, StringComparison.Ordinal);
        var bucket = new BucketId("viewsByDeviceGenre", 3);
        var row = (await _node.Checkpoints.TakeOverAsync([bucket], CancellationToken.None))[bucket];

        var read = await _node.Cuts.ReadAsync(Partition, CancellationToken.None);
        var beyond = read.Select(each => each with { Position = new LogPosition(99, LogPosition.UnknownEpoch) }).ToList();
        Assert.Equal(49, (await _node.FoundCuts.ForgetAsync(Partition, beyond, "nothing in doubt", "ann@host", CancellationToken.None)).Count);
        Assert.NotNull(await ReadAsync());

        Assert.Empty(await _node.FoundCuts.ForgetAsync(Partition, read, "nothing in doubt", "ann@host", CancellationToken.None));

        Assert.Null(await ReadAsync());
        Assert.Equal(
            "accept-cut: partition cluster/events/id[2], nothing in doubt.",
            Assert.Single(await _node.Actions.ReadAsync(10, null, CancellationToken.None)).What);
        // What an incarnation had counted beyond its row may be of the log that was cut.
        var late = new CheckpointStatement(bucket, row.Checkpoint, new CheckpointId(Guid.NewGuid()), row.Positions, default, [], []);
        Assert.Equal(
            StatementResult.NotStored, Assert.Single(await _node.Checkpoints.StoreAsync([late], null, CancellationToken.None)).Result);
    }

    [Fact]
    public async Task Who_accepts_the_cut_takes_it_away()
    {
        await FillAsync();
        await KeepAsync(From);
        var buckets = await _node.Cuts.ReadAsync(Partition, CancellationToken.None);

        await _node.Cuts.RunAsync(buckets, [.. buckets.Select(bucket => new BucketCut(bucket, From))], "ann@host", CancellationToken.None);

        Assert.Null(await ReadAsync());
    }

    [Fact]
    public async Task A_rebuild_takes_it_away_for_the_rollups_that_it_counts_anew()
    {
        await FillAsync();
        await KeepAsync(From);
        var counted = RollupCatalog.Default.Counted.ToList();

        await _node.RebuildAsync([counted[0]], CountingRules.Default, "bob@host", CancellationToken.None);
        Assert.DoesNotContain((await ReadAsync())!.Buckets, bucket => bucket.Bucket.Rollup == counted[0].Name);
        await _node.RebuildAsync([.. counted.Skip(1)], CountingRules.Default, "bob@host", CancellationToken.None);

        Assert.Null(await ReadAsync());
    }

    private async Task FillAsync()
    {
        _node = await Storage.OpenPreparedAsync();
        await new BucketWriter(_node, RollupCatalog.Default).MoveAsync(Partition, 100);
    }

    private Task KeepAsync(LogPosition? from) => _node.FoundCuts.KeepAsync(Partition, from, CancellationToken.None);

    private Task LowerAsync(LogPosition from) => _node.FoundCuts.LowerAsync(Partition, from, CancellationToken.None);

    private Task<FoundCut?> ReadAsync() => _node.FoundCuts.ReadAsync(Partition, CancellationToken.None);
}
