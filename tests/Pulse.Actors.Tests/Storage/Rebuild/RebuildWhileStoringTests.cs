using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Tests.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Rebuild;

/// <summary>A rebuild and a statement at once on PostgreSQL, each of them first.</summary>
public sealed class RebuildWhileStoringTests(PostgresFixture postgres) : PostgresCheckpointTest(postgres)
{
    [Fact]
    public async Task A_statement_that_waits_for_its_row_is_stored_and_the_rebuild_behind_it_removes_it()
    {
        var statement = History.After(await History.TakeOverAsync(Store));
        await Other.HoldAsync(1);

        var storing = ResultsAsync(statement);
        await Other.WaitingAsync(1);
        var rebuilding = RebuildAsync();
        await Other.WaitingAsync(2);
        await Other.ExecuteAsync("commit");

        Assert.Equal([StatementResult.Stored], await storing);
        await rebuilding;
        Assert.Equal(["0"], await Database.QueryAsync("select count(*) from viewsByTitleAggregation"));
        Assert.Equal([StatementResult.NotStored], await ResultsAsync(History.After(statement.Next)));
    }

    [Fact]
    public async Task A_statement_behind_a_rebuild_that_waits_is_not_stored()
    {
        var statement = History.After(await History.TakeOverAsync(Store));
        await Other.HoldAsync(1);

        var rebuilding = RebuildAsync();
        await Other.WaitingAsync(1);
        var storing = ResultsAsync(statement);
        await Other.WaitingAsync(2);
        await Other.ExecuteAsync("commit");

        await rebuilding;
        Assert.Equal([StatementResult.NotStored], await storing);
        Assert.Equal(["0"], await Database.QueryAsync("select count(*) from viewsByTitleAggregation"));
    }

    private async Task RebuildAsync()
    {
        await using var storage = new NodeStorage(Database.Options, CheckpointDatabase.Catalog);
        await storage.RebuildAsync([CheckpointDatabase.Titles], CountingRules.Default, "somebody@here", CancellationToken.None);
    }
}
