using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Storage.Cuts;
using Pulse.Actors.Tests.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Cuts;

/// <summary>The acceptance of a cut and a statement at once on PostgreSQL, each of them first.</summary>
public sealed class CutWhileStoringTests(PostgresFixture postgres) : PostgresCheckpointTest(postgres)
{
    private static readonly StreamPartition Partition = new("stream", 0);

    [Fact]
    public async Task A_statement_before_it_that_moves_the_partition_has_it_change_nothing()
    {
        var (statement, moved) = await StoreThenAcceptAsync(to: 110);

        Assert.Equal([History.Bucket], moved);
        Assert.Equal([statement.Positions], await PositionsAsync());
        Assert.Equal(["0|0"], await Database.QueryAsync("select (select count(*) from pulse_gap), (select count(*) from pulse_action)"));
    }

    [Fact]
    public async Task A_statement_before_it_that_leaves_the_partition_where_it_was_is_kept_and_the_partition_goes_back()
    {
        var (statement, moved) = await StoreThenAcceptAsync(to: 100);

        Assert.Empty(moved);
        Assert.Equal(["stream 60@2 7@-"], await PositionsAsync());
        Assert.Equal(["1"], await Database.QueryAsync("select view_count from viewsByTitleAggregation"));
        Assert.Equal([StatementResult.NotStored], await ResultsAsync(statement with { Previous = statement.Next, Next = new CheckpointId(Guid.NewGuid()) }));
    }

    [Fact]
    public async Task A_statement_behind_it_is_not_stored()
    {
        var (statement, cuts) = await DoubtAsync(to: 110);
        await Other.HoldAsync(1);

        var accepting = AcceptAsync(cuts);
        await Other.WaitingAsync(1);
        var storing = ResultsAsync(statement);
        await Other.WaitingAsync(2);
        await Other.ExecuteAsync("commit");

        Assert.Empty(await accepting);
        Assert.Equal([StatementResult.NotStored], await storing);
        Assert.Equal(["stream 60@2"], await PositionsAsync());
        Assert.Equal(["0"], await Database.QueryAsync("select count(*) from viewsByTitleAggregation"));
        Assert.Equal(["60|100|cut"], await Database.QueryAsync("select from_offset, to_offset, kind from pulse_gap"));
    }

    private async Task<(CheckpointStatement Statement, IReadOnlyList<BucketId> Moved)> StoreThenAcceptAsync(long to)
    {
        var (statement, cuts) = await DoubtAsync(to);
        await Other.HoldAsync(1);

        var storing = ResultsAsync(statement);
        await Other.WaitingAsync(1);
        var accepting = AcceptAsync(cuts);
        await Other.WaitingAsync(2);
        await Other.ExecuteAsync("commit");

        Assert.Equal([StatementResult.Stored], await storing);
        return (statement, await accepting);
    }

    // The bucket stands at 100 and wants to store more, and an operator has looked at it.
    private async Task<(CheckpointStatement Statement, IReadOnlyList<BucketCut> Cuts)> DoubtAsync(long to)
    {
        var first = new CheckpointStatement(
            History.Bucket, await History.TakeOverAsync(Store), new CheckpointId(Guid.NewGuid()), "stream 100@3", default, [], []);
        Assert.Equal([StatementResult.Stored], await ResultsAsync(first));
        await using var storage = new NodeStorage(Database.Options, CheckpointDatabase.Catalog);
        var stored = (await storage.Cuts.ReadAsync(Partition, CancellationToken.None)).Single(bucket => bucket.Bucket == History.Bucket);
        var statement = new CheckpointStatement(
            History.Bucket,
            first.Next,
            new CheckpointId(Guid.NewGuid()),
            to == 100 ? "stream 100@3 7@-" : FormattableString.Invariant($"stream {to}@3"),
            new Balance(1, 0, 0, 0, 1),
            [new KeyCount(new RollupKey("Dark", "de"), BucketHistory.Window, 1)],
            []);
        return (statement, [new BucketCut(stored, new LogPosition(60, 2))]);
    }

    private async Task<IReadOnlyList<BucketId>> AcceptAsync(IReadOnlyList<BucketCut> cuts)
    {
        await using var storage = new NodeStorage(Database.Options, CheckpointDatabase.Catalog);
        return await storage.Cuts.RunAsync([.. cuts.Select(cut => cut.Stored)], cuts, "somebody@here", CancellationToken.None);
    }

    private Task<IReadOnlyList<string>> PositionsAsync() => Database.QueryAsync(
        "select positions from pulse_bucket join pulse_version using (version) where rollup = 'viewsByTitle' and bucket = 1");
}
