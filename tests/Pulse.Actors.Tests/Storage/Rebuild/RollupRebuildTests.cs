using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Rebuild;

public sealed class SqliteRollupRebuildTests(PostgresFixture postgres) : RollupRebuildTests(StorageKind.Sqlite, postgres);

public sealed class PostgresRollupRebuildTests(PostgresFixture postgres) : RollupRebuildTests(StorageKind.Postgres, postgres);

/// <summary>What a rebuild changes, and for whom.</summary>
public abstract class RollupRebuildTests(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    private static readonly Window Noon = Window.EndingAt(new DateTime(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc));

    [Fact]
    public async Task As_it_is_declared_a_rollup_stands_nowhere_and_its_table_is_empty_and_others_stay()
    {
        var node = await FilledAsync(Declared(4));
        var (others, names) = (await OthersAsync(), await NamesAsync());

        var rebuilt = await RebuildAsync(Declared(4));

        Assert.Empty(Assert.Single(rebuilt).Changes);
        Assert.Equal(["0"], await Storage.QueryAsync("select count(*) from viewsByTitleAggregation"));
        Assert.Equal(
            ["4|0|0|0|0|0"],
            await Storage.QueryAsync(
                $"select count(*), sum(length(positions)), sum(counted), sum(late), sum(dead + filtered), sum(consumed) from pulse_bucket where {OfTitles}"));
        Assert.Equal(["0"], await Storage.QueryAsync($"select count(*) from pulse_gap where {OfTitles}"));
        Assert.Empty((await NamesAsync()).Intersect(names));
        Assert.Equal(others, await OthersAsync());
        // The node that ran meanwhile goes on.
        await new BucketWriter(node, Declared(4)).CountAsync(Titles(4), [new KeyCount(new RollupKey("Dark", "de"), Noon, 5)]);
        Assert.Equal(["5"], await Storage.QueryAsync("select view_count from viewsByTitleAggregation"));
    }

    [Fact]
    public async Task What_a_bucket_had_on_its_way_is_not_stored()
    {
        var node = await FilledAsync(Declared(4));
        var bucket = new BucketId("viewsByTitle", 1);
        var row = (await node.Checkpoints.TakeOverAsync([bucket], CancellationToken.None))[bucket];
        var statement = new CheckpointStatement(
            bucket, row.Checkpoint, new CheckpointId(Guid.NewGuid()), row.Positions, new Balance(1, 0, 0, 0, 1), [new KeyCount(new RollupKey("Dark", "de"), Noon, 1)], []);

        await RebuildAsync(Declared(4));

        Assert.Equal([StatementResult.NotStored], await ResultsAsync(node, statement));
        Assert.Equal(["0"], await Storage.QueryAsync("select count(*) from viewsByTitleAggregation"));
    }

    [Theory]
    [InlineData(2, "content_name, language", "buckets was '4' and is now '2' (Buckets in Pulse:Rollups)")]
    [InlineData(4, "content_name, genre", "dimensions was 'content_name = text ContentName, language = text Language' and is now 'content_name = text ContentName, genre = text Genre' (Dimensions in Pulse:Rollups)")]
    public async Task Declared_otherwise_it_is_another_version_that_nodes_with_the_old_one_can_t_write(
        int buckets, string dimensions, string change)
    {
        var node = await FilledAsync(Declared(4));
        var bucket = new BucketId("viewsByTitle", 1);
        var row = (await node.Checkpoints.TakeOverAsync([bucket], CancellationToken.None))[bucket];
        var before = int.Parse(Assert.Single(await Storage.QueryAsync("select version from pulse_version where rollup = 'viewsByTitle'")));
        var others = await OthersAsync();
        var now = Declared(buckets, dimensions.Split(", "));

        Assert.Equal([change], Assert.Single(await RebuildAsync(now)).Changes);

        Assert.Equal(others, await OthersAsync());
        Assert.Equal([$"{buckets}"], await Storage.QueryAsync($"select count(*) from pulse_bucket where {OfTitles} and positions = ''"));
        Assert.True(before < int.Parse(Assert.Single(await Storage.QueryAsync("select version from pulse_version where rollup = 'viewsByTitle'"))));
        Assert.Equal(["0"], await Storage.QueryAsync($"select count(*) from pulse_bucket where version = {before}"));
        var statement = new CheckpointStatement(
            bucket, row.Checkpoint, new CheckpointId(Guid.NewGuid()), row.Positions, new Balance(1, 0, 0, 0, 1), [new KeyCount(new RollupKey("Dark", "de"), Noon, 1)], []);
        Assert.DoesNotContain(StatementResult.Stored, await ResultsAsync(node, statement));
        var fault = await Assert.ThrowsAsync<DeclaredOtherwiseException>(() => node.Checkpoints.TakeOverAsync([bucket], CancellationToken.None));
        Assert.Contains("rollup viewsByTitle was counted under another declaration", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["0"], await Storage.QueryAsync("select count(*) from viewsByTitleAggregation"));

        var successor = await Storage.OpenPreparedAsync(now);
        await new BucketWriter(successor, now).CountAsync(now.Rollups[^1], [new KeyCount(new RollupKey("Dark", "de"), Noon, 5)]);
        Assert.Equal(["5"], await Storage.QueryAsync("select view_count from viewsByTitleAggregation"));
    }

    [Fact]
    public async Task Changed_back_it_is_a_third_version_and_a_node_that_ran_all_the_while_goes_on()
    {
        var node = await FilledAsync(Declared(4));
        await RebuildAsync(Declared(2));

        await RebuildAsync(Declared(4));

        var bucket = new BucketId("viewsByTitle", 1);
        Assert.Equal("", Assert.Single(await node.Checkpoints.TakeOverAsync([bucket], CancellationToken.None)).Value.Positions);
    }

    [Fact]
    public async Task Rows_that_were_lost_or_damaged_are_whole_again()
    {
        await FilledAsync(Declared(4));
        await Storage.QueryAsync($"delete from pulse_bucket where {OfTitles} and bucket = 2");
        await Storage.QueryAsync($"update pulse_bucket set positions = 'nonsense' where {OfTitles}");

        await RebuildAsync(Declared(4));

        await Storage.OpenPreparedAsync(Declared(4));
        Assert.Equal(["4"], await Storage.QueryAsync($"select count(*) from pulse_bucket where {OfTitles} and positions = ''"));
    }

    [Fact]
    public async Task A_rollup_that_is_not_counted_yet_is_refused_and_nothing_changes()
    {
        await Storage.OpenPreparedAsync();
        var before = await Storage.QueryAsync("select * from pulse_version");

        var fault = await Assert.ThrowsAsync<StorageException>(() => RebuildAsync(Declared(4)));

        Assert.Contains("rollup 'viewsByTitle' is not counted in it. Start a node", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, await Storage.QueryAsync("select * from pulse_version"));
    }

    private const string OfTitles = "version = (select version from pulse_version where rollup = 'viewsByTitle')";

    private static Rollup Titles(int buckets) => Declared(buckets).Rollups[^1];

    private static RollupCatalog Declared(int buckets, params string[] dimensions)
    {
        Assert.Empty(RollupCatalog.TryCreate(
            [
                new RollupDeclaration
                {
                    Name = "viewsByTitle", Dimensions = dimensions.Length == 0 ? ["content_name", "language"] : [.. dimensions], Buckets = buckets,
                },
            ],
            out var catalog));
        return catalog;
    }

    private static async Task<IEnumerable<StatementResult>> ResultsAsync(NodeStorage node, CheckpointStatement statement) =>
        (await node.Checkpoints.StoreAsync([statement], null, CancellationToken.None)).Select(outcome => outcome.Result);

    // Every rollup has counts, positions and a gap.
    private async Task<NodeStorage> FilledAsync(RollupCatalog catalog)
    {
        var node = await Storage.OpenPreparedAsync(catalog);
        var writer = new BucketWriter(node, catalog);
        foreach (var rollup in catalog.Counted)
        {
            await writer.CountAsync(rollup, Enumerable.Range(1, 9).Select(number =>
                new KeyCount(new RollupKey([.. rollup.Dimensions.Select(name => $"{name} {number}")]), Noon, number)));
        }

        await writer.MoveAsync(new StreamPartition("stream", 0), 45);
        await Storage.QueryAsync("insert into pulse_gap (version, bucket, stream, partition, from_offset, to_offset) "
            + "select version, 0, 'stream', 0, 0, 5 from pulse_version");
        return node;
    }

    private Task<IReadOnlyList<Pulse.Actors.Storage.Rebuild.RebuiltRollup>> RebuildAsync(RollupCatalog catalog) =>
        Storage.Open(catalog).RebuildAsync([catalog.Rollups[^1]], CountingRules.Default, "somebody@here", CancellationToken.None);

    private async Task<IReadOnlyList<string>> NamesAsync() =>
        await Storage.QueryAsync($"select {(Kind == StorageKind.Sqlite ? "hex(checkpoint)" : "checkpoint")} from pulse_bucket where {OfTitles}");

    private async Task<IReadOnlyList<string>> OthersAsync() =>
    [
        .. await Storage.QueryAsync($"select * from pulse_bucket where not {OfTitles} order by version, bucket"),
        .. await Storage.QueryAsync($"select * from pulse_gap where not {OfTitles} order by version"),
        .. await Storage.QueryAsync($"select * from pulse_version where rollup <> 'viewsByTitle' order by version"),
        .. await Storage.QueryAsync("select * from viewsByDeviceGenreAggregation order by genre"),
    ];
}
