using Npgsql;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

/// <summary>
/// Statements, takeovers and others at once on PostgreSQL: whatever happens, a bucket's row and its counts are the sum of the
/// very same statements, which are one chain.
/// </summary>
public sealed class ConcurrentCheckpointTests(PostgresFixture postgres) : PostgresCheckpointTest(postgres)
{
    [Fact]
    public async Task A_takeover_sees_the_statement_that_waited_for_the_row_before_it()
    {
        var statement = History.After(await History.TakeOverAsync(Store));
        var zombie = History.After(statement.Next);
        var successor = await Database.OpenAsync();
        await Other.HoldAsync(1);

        var storing = ResultsAsync(statement);
        await Other.WaitingAsync(1);
        var taking = History.TakeOverAsync(successor);
        await Other.WaitingAsync(2);
        await Other.ExecuteAsync("commit");

        Assert.Equal([StatementResult.Stored], await storing);
        var next = History.After(await taking);
        Assert.Equal([StatementResult.NotStored], await ResultsAsync(zombie));
        Assert.Equal([StatementResult.Stored], await ResultsAsync(successor, next));
        Assert.Equal([statement, next], await History.StoredAsync());
    }

    [Fact]
    public async Task A_statement_that_waited_for_the_row_behind_a_takeover_is_not_stored()
    {
        var statement = History.After(await History.TakeOverAsync(Store));
        var successor = await Database.OpenAsync();
        await Other.HoldAsync(1);

        var taking = History.TakeOverAsync(successor);
        await Other.WaitingAsync(1);
        var storing = ResultsAsync(statement);
        await Other.WaitingAsync(2);
        await Other.ExecuteAsync("commit");

        Assert.Equal([StatementResult.NotStored], await storing);
        var next = History.After(await taking);
        Assert.Equal([StatementResult.Stored], await ResultsAsync(successor, next));
        Assert.Equal([next], await History.StoredAsync());
    }

    [Fact]
    public async Task Two_takeovers_at_once_give_two_names_of_which_one_is_the_row_s()
    {
        await History.TakeOverAsync(Store);
        var successor = await Database.OpenAsync();
        await Other.HoldAsync(1);

        var one = History.TakeOverAsync(Store);
        var other = History.TakeOverAsync(successor);
        await Other.WaitingAsync(2);
        await Other.ExecuteAsync("commit");

        var (first, second) = (History.After(await one), History.After(await other));
        Assert.NotEqual(first.Previous, second.Previous);
        StatementResult[] results = [.. await ResultsAsync(first), .. await ResultsAsync(successor, second)];
        Assert.Equal([StatementResult.Stored, StatementResult.NotStored], results.Order());
        Assert.Equal([results[0] == StatementResult.Stored ? first : second], await History.StoredAsync());
    }

    [Fact]
    public async Task A_client_that_stopped_before_it_sent_stores_nothing_after_two_successors()
    {
        var stopped = History.After(await History.TakeOverAsync(Store));

        var one = History.After(await History.TakeOverAsync(await Database.OpenAsync()));
        Assert.Equal([StatementResult.Stored], await ResultsAsync(one));
        var two = History.After(await History.TakeOverAsync(await Database.OpenAsync()));
        Assert.Equal([StatementResult.Stored], await ResultsAsync(two));

        Assert.Equal([StatementResult.NotStored, StatementResult.NotStored], await ResultsAsync(stopped, History.After(one.Next)));
        Assert.Equal([one, two], await History.StoredAsync());
    }

    [Fact]
    public async Task A_statement_is_executed_although_its_sender_is_gone_and_its_repetition_changes_nothing()
    {
        using var relay = Relay();
        var gone = await Database.OpenAsync(Through(relay));
        var statement = History.After(await History.TakeOverAsync(gone));
        await Other.HoldAsync(1);

        await SendAndLeaveAsync(gone, relay, statement, waiting: 1);
        Assert.Equal(statement.Previous, await CheckpointAsync());
        await Other.ExecuteAsync("commit");

        await Eventually.HoldsAsync("the statement is executed", Until.Limit, async () => await CheckpointAsync() == statement.Next);
        relay.Heal();
        Assert.Equal([StatementResult.NotStored], await ResultsAsync(gone, statement));
        Assert.Equal([statement], await History.StoredAsync());
    }

    [Fact]
    public async Task A_repetition_that_overtakes_its_first_sending_is_stored_once()
    {
        using var relay = Relay();
        var gone = await Database.OpenAsync(Through(relay));
        var statement = History.After(await History.TakeOverAsync(gone));
        await Other.HoldAsync(1);

        await SendAndLeaveAsync(gone, relay, statement, waiting: 1);
        var repeating = ResultsAsync(statement);
        await Other.WaitingAsync(2);
        await Other.ExecuteAsync("commit");

        Assert.Equal([StatementResult.NotStored], await repeating);
        Assert.Equal(statement.Next, await CheckpointAsync());
        Assert.Equal([statement], await History.StoredAsync());
    }

    [Fact]
    public async Task After_a_takeover_a_statement_whose_sender_is_gone_changes_nothing()
    {
        using var relay = Relay();
        var gone = await Database.OpenAsync(Through(relay));
        var statement = History.After(await History.TakeOverAsync(gone));
        await Other.HoldAsync(1);
        var taking = History.TakeOverAsync(Store);
        await Other.WaitingAsync(1);

        await SendAndLeaveAsync(gone, relay, statement, waiting: 2);
        await Other.ExecuteAsync("commit");

        var next = History.After(await taking);
        await Other.WaitingAsync(0);
        Assert.Equal([StatementResult.Stored], await ResultsAsync(next));
        Assert.Equal([next], await History.StoredAsync());
    }

    [Fact]
    public async Task A_table_that_is_replaced_while_a_statement_waits_for_it_takes_none_of_its_counts()
    {
        var first = History.After(await History.TakeOverAsync(Store));
        var second = History.After(first.Next);
        await ResultsAsync(first);
        await Other.ExecuteAsync("begin; lock table viewsByTitleAggregation in access exclusive mode");

        var storing = ResultsAsync(second);
        await Other.WaitingAsync(1);
        await Other.ExecuteAsync(
            "alter table viewsByTitleAggregation rename to before; "
            + "create table viewsByTitleAggregation (like before including all); "
            + "update pulse_bucket set checkpoint = gen_random_uuid(); commit");

        Assert.Equal([StatementResult.NotStored], await storing);
        Assert.Equal(["0"], await Database.QueryAsync("select count(*) from viewsByTitleAggregation"));
        await Other.ExecuteAsync("drop table viewsByTitleAggregation; alter table before rename to viewsByTitleAggregation");
        Assert.Equal([first], await History.StoredAsync());
    }

    [Fact]
    public async Task Statements_that_were_prepared_go_to_the_table_that_has_the_name_now()
    {
        var statements = new List<CheckpointStatement> { History.After(await History.TakeOverAsync(Store)) };
        for (var number = 0; number < 8; number++)
            statements.Add(History.After(statements[^1].Next));
        Assert.All(await ResultsAsync([.. statements]), result => Assert.Equal(StatementResult.Stored, result));
        await Other.ExecuteAsync(
            "begin; alter table viewsByTitleAggregation rename to before; "
            + "create table viewsByTitleAggregation (like before including all); insert into viewsByTitleAggregation table before; "
            + "drop table before; commit");

        var last = History.After(statements[^1].Next);
        Assert.Equal([StatementResult.Stored], await ResultsAsync(last));

        Assert.Equal([.. statements, last], await History.StoredAsync());
    }

    [Fact]
    public async Task Nodes_that_write_the_same_rows_in_any_order_never_wait_both_ways()
    {
        const int rounds = 30;
        const int titles = 200;
        var random = new Random(1);
        var cells = Enumerable.Range(0, titles)
            .Select(title => new KeyCount(new RollupKey($"shared {title}", "any"), BucketHistory.Window, 1)).ToArray();
        var nodes = await Task.WhenAll(Enumerable.Range(0, 3).Select(async bucket =>
        {
            var history = new BucketHistory(Database, bucket);
            var store = await Database.OpenAsync();
            var statements = new List<CheckpointStatement>();
            for (var previous = await history.TakeOverAsync(store); statements.Count < rounds; previous = statements[^1].Next)
                statements.Add(history.After(previous));
            return (store, statements);
        }));
        foreach (var (_, statements) in nodes)
        {
            for (var round = 0; round < rounds; round++)
            {
                random.Shuffle(cells);
                statements[round] = statements[round] with { Counts = [.. cells] };
            }
        }

        var results = await Task.WhenAll(nodes.Select(node => ResultsAsync(node.store, [.. node.statements])));

        Assert.All(results.SelectMany(each => each), result => Assert.Equal(StatementResult.Stored, result));
        Assert.Equal(
            [$"{titles}|{3 * rounds}|{3 * rounds}"],
            await Database.QueryAsync("select count(*), min(view_count), max(view_count) from viewsByTitleAggregation"));
        Assert.Equal(["0"], await Database.QueryAsync("select deadlocks from pg_stat_database where datname = current_database()"));
    }

    [Fact]
    public async Task Takeovers_of_the_same_buckets_in_any_order_never_wait_both_ways()
    {
        var buckets = Enumerable.Range(0, 4).Select(bucket => new BucketId(CheckpointDatabase.Titles.Name, bucket)).ToArray();
        var stores = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Database.OpenAsync()));

        var taken = await Task.WhenAll(Enumerable.Range(0, 60).Select(round => stores[round % 3].TakeOverAsync(
            round % 2 == 0 ? buckets : [.. buckets.Reverse()], CancellationToken.None)));

        Assert.Equal(60 * 4, taken.SelectMany(rows => rows.Values).Select(row => row.Checkpoint).Distinct().Count());
        Assert.Equal(60 * 4, taken.SelectMany(rows => rows).Select(row => (row.Key, row.Value.Generation)).Distinct().Count());
        Assert.Equal(["0"], await Database.QueryAsync("select deadlocks from pg_stat_database where datname = current_database()"));
    }

    /// <summary>Sends a statement that has to wait in the server, and whose sender is gone before it is answered.</summary>
    private async Task SendAndLeaveAsync(ICheckpointStore gone, TcpRelay relay, CheckpointStatement statement, int waiting)
    {
        var storing = ResultsAsync(gone, statement);
        await Other.WaitingAsync(waiting);
        relay.Cut();
        Assert.Equal([StatementResult.Unknown], await storing);
    }

    private TcpRelay Relay() => new(new NpgsqlConnectionStringBuilder(Database.Options.ConnectionString).Port);

    private string Through(TcpRelay relay) => new NpgsqlConnectionStringBuilder(Database.Options.ConnectionString)
    {
        Port = int.Parse(relay.Address.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture),
    }.ConnectionString;
}
