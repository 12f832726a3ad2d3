using Npgsql;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

/// <summary>What the sessions of a node are, and which server they are on.</summary>
public sealed class PostgresSessionsTests(PostgresFixture postgres) : PostgresCheckpointTest(postgres)
{
    [Theory]
    [InlineData("")]
    [InlineData(";Max Auto Prepare=0;Options=-c default_statistics_target=50")]
    public async Task Statements_read_what_is_committed_whatever_the_role_s_default(string settings)
    {
        var database = new NpgsqlConnectionStringBuilder(Database.Options.ConnectionString).Database;
        await Other.ExecuteAsync(
            $"""
            alter database {database} set default_transaction_isolation = 'serializable';
            create table seen (isolation text);
            create function note() returns trigger language plpgsql as $$ begin
              insert into seen values (current_setting('transaction_isolation'));
              return new; end $$;
            create trigger note before update on pulse_bucket for each row execute function note();
            """);
        var strict = await Database.OpenAsync(Database.Options.ConnectionString + settings);

        // The pool resets a session after each use, by other means where it has prepared statements.
        var statement = History.After(await History.TakeOverAsync(strict));
        for (var use = 0; use < 4; use++, statement = History.After(statement.Next))
            Assert.Equal([StatementResult.Stored], await ResultsAsync(strict, statement));

        Assert.Equal(["read committed|5"], await Database.QueryAsync("select isolation, count(*) from seen group by isolation"));
    }

    [Fact]
    public async Task A_database_that_was_read_only_for_a_while_is_written_to_again()
    {
        var database = new NpgsqlConnectionStringBuilder(Database.Options.ConnectionString).Database;
        var first = History.After(await History.TakeOverAsync(Store));
        await Other.ExecuteAsync(
            $"alter database {database} set default_transaction_read_only = on; "
            + "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'pulse'");

        // The first attempts may meet the ends of the old sessions.
        var outcome = StatementOutcome.NotStored;
        await Eventually.HoldsAsync("it is said that the server takes no writes", Until.Limit, async () =>
        {
            outcome = Assert.Single(await Store.StoreAsync([first], null, CancellationToken.None));
            return outcome.Fault?.Message.Contains("takes no writes", StringComparison.Ordinal) == true;
        });
        Assert.Equal(StatementResult.Unknown, outcome.Result);
        Assert.True(outcome.Fault!.IsTransient);
        await Other.ExecuteAsync($"alter database {database} reset default_transaction_read_only");

        Assert.Equal([StatementResult.Stored], await ResultsAsync(first));
        Assert.Equal([first], await History.StoredAsync());
    }

    [Fact]
    public async Task A_renewal_of_the_node_s_row_finds_the_sessions_that_can_not_write_and_all_of_them_are_closed()
    {
        await using var storage = new NodeStorage(Database.Options, RollupCatalog.Default);
        var sessions = (PostgresSessions)storage.Sessions;
        var database = new NpgsqlConnectionStringBuilder(Database.Options.ConnectionString).Database;
        await Other.ExecuteAsync($"alter database {database} set default_transaction_read_only = on");
        var first = await sessions.OpenAsync(CancellationToken.None);
        var second = await sessions.OpenAsync(CancellationToken.None);
        await Other.ExecuteAsync($"alter database {database} reset default_transaction_read_only");
        int[] closed = [first.ProcessID, second.ProcessID];
        await first.DisposeAsync();
        await second.DisposeAsync();

        var fault = await Assert.ThrowsAsync<StorageException>(() => storage.Nodes.RenewAsync("127.0.0.1:4053", 1, CancellationToken.None));
        Assert.Contains("takes no writes", fault.Message, StringComparison.Ordinal);
        await storage.Nodes.RenewAsync("127.0.0.1:4053", 1, CancellationToken.None);

        await using var next = await sessions.OpenAsync(CancellationToken.None);
        Assert.DoesNotContain(next.ProcessID, closed);
        await Eventually.HoldsAsync("both are closed", Until.Limit, async () =>
            (await Database.QueryAsync($"select pid from pg_stat_activity where pid in ({closed[0]}, {closed[1]})")).Count == 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData(";Target Session Attributes=primary")]
    public async Task Of_several_hosts_the_one_that_is_the_primary_is_taken(string attributes)
    {
        using var nobody = new NobodysPort();
        var settings = new NpgsqlConnectionStringBuilder(Database.Options.ConnectionString);
        var hosts = $"Host=127.0.0.1:{nobody.Port},127.0.0.1:{settings.Port};Username={settings.Username};Database={settings.Database}";
        var store = await Database.OpenAsync(hosts + attributes);

        var statement = History.After(await History.TakeOverAsync(store));

        Assert.Equal([StatementResult.Stored], await ResultsAsync(store, statement));
        Assert.Equal([statement], await History.StoredAsync());
    }

    [Fact]
    public void One_host_can_not_be_chosen_by_its_attributes()
    {
        var fault = Assert.Throws<StorageException>(() => CheckpointStores.For(
            new StorageOptions(StorageKind.Postgres, "Host=db;Password=hunter2;Target Session Attributes=primary"), RollupCatalog.Default));

        Assert.Contains("Correct the connection string", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_has_few_connections_however_much_it_asks()
    {
        await Other.HoldAsync(1);
        var taking = Enumerable.Range(0, 20).Select(_ => History.TakeOverAsync(Store)).ToList();
        await Other.WaitingAsync(PostgresSessions.MaximumConnections);

        var sessions = await Database.QueryAsync(
            "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'pulse'");
        await Other.ExecuteAsync("commit");

        Assert.Equal([$"{PostgresSessions.MaximumConnections}"], sessions);
        Assert.Equal(20, (await Task.WhenAll(taking)).Distinct().Count());
    }
}
