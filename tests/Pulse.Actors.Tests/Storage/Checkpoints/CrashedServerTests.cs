using System.Globalization;
using Npgsql;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

/// <summary>Statements on a PostgreSQL server that is restarted or killed. Has a server of its own.</summary>
public sealed class CrashedServerTests : IAsyncLifetime
{
    private readonly PostgresFixture _postgres = new();
    private CheckpointDatabase _database = null!;
    private BucketHistory _history = null!;

    private ICheckpointStore Store => _database.Store;

    public async ValueTask InitializeAsync()
    {
        _database = await CheckpointDatabase.CreateAsync(StorageKind.Postgres, _postgres);
        _history = new BucketHistory(_database, 1);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
            await _database.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    [Fact]
    public async Task A_restart_between_execution_and_answer_leaves_an_unknown_outcome_that_the_row_decides()
    {
        using var relay = new TcpRelay(new NpgsqlConnectionStringBuilder(_database.Options.ConnectionString).Port);
        var far = await _database.OpenAsync(new NpgsqlConnectionStringBuilder(_database.Options.ConnectionString)
        {
            Port = int.Parse(relay.Address.Split(':')[1], CultureInfo.InvariantCulture),
        }.ConnectionString);
        var statement = _history.After(await _history.TakeOverAsync(far));
        var neighbour = new BucketHistory(_database, 2);
        var behind = neighbour.After(await neighbour.TakeOverAsync(far));
        await using (var other = await OtherSession.OpenAsync(_database.Options.ConnectionString))
        {
            await other.HoldAsync(1);
            var storing = far.StoreAsync([statement, behind], null, CancellationToken.None);
            await other.WaitingAsync(1);
            // From here on no answer comes through.
            relay.Delay = TimeSpan.FromHours(1);
            await other.ExecuteAsync("commit");
            await Eventually.HoldsAsync(
                "both are executed",
                Until.Limit,
                async () => await CheckpointAsync(_history) == statement.Next && await CheckpointAsync(neighbour) == behind.Next);
            await _postgres.StopAsync();
            relay.Cut();

            Assert.All(await storing, outcome => Assert.Equal(StatementResult.Unknown, outcome.Result));
        }

        await StartAsync();
        Assert.Equal(statement.Next, await CheckpointAsync(_history));
        Assert.Equal(behind.Next, await CheckpointAsync(neighbour));
        relay.Delay = TimeSpan.Zero;
        relay.Heal();
        var next = _history.After(statement.Next);
        Assert.Equal(StatementResult.Stored, Assert.Single(await far.StoreAsync([next], null, CancellationToken.None)).Result);
        Assert.Equal([statement, next], await _history.StoredAsync());
        Assert.Equal([behind], await neighbour.StoredAsync());
    }

    [Fact]
    public async Task A_killed_server_that_lost_what_it_had_committed_is_at_an_earlier_state_of_the_chain()
    {
        // Nothing is written down in time but what a checkpoint of the server's own writes.
        await _database.QueryAsync("alter system set synchronous_commit = off");
        await _database.QueryAsync("alter system set wal_writer_delay = '10s'");
        await _database.QueryAsync("select pg_reload_conf()");
        await Eventually.HoldsAsync(
            "new sessions commit without waiting for the disk", Until.Limit, async () => await SettingAsync("synchronous_commit") == "off");
        var store = await _database.OpenAsync();
        var statements = new List<CheckpointStatement> { _history.After(await _history.TakeOverAsync(store)) };
        for (var number = 1; number < 20; number++)
            statements.Add(_history.After(statements[^1].Next));
        await StoreAsync(store, statements[..10]);
        await _database.QueryAsync("checkpoint");
        await StoreAsync(store, statements[10..]);

        await _postgres.KillAsync();
        await StartAsync();

        var kept = await _history.StoredAsync();
        Assert.InRange(kept.Count, 10, 20);
        Assert.Equal(statements[..kept.Count], kept);
        Assert.Equal(statements[kept.Count - 1].Next, await CheckpointAsync(_history));
        var late = _history.After(statements[^1].Next);
        var outcome = Assert.Single(await ReconnectedAsync(() => store.StoreAsync([late], null, CancellationToken.None)));
        Assert.Equal(kept.Count == 20 ? StatementResult.Stored : StatementResult.NotStored, outcome.Result);

        var next = _history.After(await _history.TakeOverAsync(store));
        await StoreAsync(store, [next]);
        Assert.Equal(next, (await _history.StoredAsync())[^1]);
    }

    // The first use of each session that the server's end has broken fails.
    private static async Task<IReadOnlyList<StatementOutcome>> ReconnectedAsync(Func<Task<IReadOnlyList<StatementOutcome>>> storeAsync)
    {
        IReadOnlyList<StatementOutcome> outcomes = [];
        await Eventually.HoldsAsync("the server is reached", Until.Limit, async () =>
        {
            outcomes = await storeAsync();
            return outcomes[0].Result != StatementResult.Unknown;
        });
        return outcomes;
    }

    private static async Task StoreAsync(ICheckpointStore store, List<CheckpointStatement> statements) =>
        Assert.All(
            await store.StoreAsync(statements, null, CancellationToken.None),
            outcome => Assert.Equal(StatementResult.Stored, outcome.Result));

    private async Task StartAsync()
    {
        await _postgres.StartAsync();
        // The test's own sessions; a store finds out by itself.
        await using var connection = new NpgsqlConnection(_database.Options.ConnectionString);
        NpgsqlConnection.ClearPool(connection);
    }

    private async Task<string> SettingAsync(string name) => Assert.Single(await _database.QueryAsync($"show {name}"));

    private async Task<CheckpointId> CheckpointAsync(BucketHistory history)
    {
        var checkpoint = default(CheckpointId);
        await Eventually.HoldsAsync("the server answers", Until.Limit, async () =>
        {
            try
            {
                checkpoint = (await Store.ReadCheckpointsAsync([history.Bucket], CancellationToken.None))[history.Bucket];
                return true;
            }
            catch (StorageException fault) when (fault.IsTransient)
            {
                return false;
            }
        });
        return checkpoint;
    }
}
