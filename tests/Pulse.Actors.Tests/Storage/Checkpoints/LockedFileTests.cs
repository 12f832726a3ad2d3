using Microsoft.Data.Sqlite;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

/// <summary>Two connections to one file of SQLite, of which one keeps the other from writing.</summary>
public sealed class LockedFileTests(PostgresFixture postgres) : IAsyncLifetime
{
    private CheckpointDatabase _database = null!;
    private BucketHistory _history = null!;
    private SqliteConnection _other = null!;

    private ICheckpointStore Store => _database.Store;

    public async ValueTask InitializeAsync()
    {
        _database = await CheckpointDatabase.CreateAsync(StorageKind.Sqlite, postgres);
        _history = new BucketHistory(_database, 1);
        _other = new SqliteConnection(_database.Options.ConnectionString);
        await _other.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _other.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_file_that_stays_locked_makes_outcomes_unknown_and_takeovers_fail()
    {
        var impatient = await _database.OpenAsync(_database.Options.ConnectionString + ";Default Timeout=1");
        var first = _history.After(await _history.TakeOverAsync(impatient));
        var second = _history.After(first.Next);

        await using (_other.BeginTransaction(deferred: false))
        {
            var outcomes = await impatient.StoreAsync([first, second], null, CancellationToken.None);
            Assert.All(outcomes, outcome =>
            {
                Assert.Equal(StatementResult.Unknown, outcome.Result);
                Assert.Contains("another process keeps the file locked", outcome.Fault!.Message, StringComparison.Ordinal);
                Assert.True(outcome.Fault.IsTransient);
            });
            Assert.True((await Assert.ThrowsAsync<StorageException>(() => _history.TakeOverAsync(impatient))).IsTransient);
            // Whoever only reads is not kept out.
            Assert.Equal(first.Previous, await CheckpointAsync());
        }

        Assert.All(
            await impatient.StoreAsync([first, second], null, CancellationToken.None),
            outcome => Assert.Equal(StatementResult.Stored, outcome.Result));
        Assert.Equal([first, second], await _history.StoredAsync());
    }

    [Fact]
    public async Task A_statement_that_waited_for_the_file_behind_a_takeover_is_not_stored()
    {
        var statement = _history.After(await _history.TakeOverAsync(Store));
        Task<IReadOnlyList<StatementOutcome>> storing;
        await using (var transaction = _other.BeginTransaction(deferred: false))
        {
            storing = Store.StoreAsync([statement], null, CancellationToken.None);
            await using var takeOver = _other.CreateCommand();
            takeOver.CommandText = "update pulse_bucket set checkpoint = randomblob(16)";
            await takeOver.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            await transaction.CommitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(StatementResult.NotStored, Assert.Single(await storing).Result);
        Assert.Empty(await _history.StoredAsync());
    }

    [Fact]
    public async Task A_writer_that_ends_before_its_commit_leaves_nothing_behind()
    {
        var statement = _history.After(await _history.TakeOverAsync(Store));
        await using (_other.BeginTransaction(deferred: false))
        {
            await using var half = _other.CreateCommand();
            half.CommandText = "update pulse_bucket set checkpoint = randomblob(16), counted = counted + 1";
            await half.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            Assert.Equal(statement.Previous, await CheckpointAsync());
        }

        Assert.Equal(StatementResult.Stored, Assert.Single(await Store.StoreAsync([statement], null, CancellationToken.None)).Result);
        Assert.Equal([statement], await _history.StoredAsync());
    }

    [Fact]
    public async Task Two_nodes_that_write_at_once_wait_for_each_other()
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, 2).Select(async bucket =>
        {
            var history = new BucketHistory(_database, bucket);
            var store = await _database.OpenAsync();
            var statements = new List<CheckpointStatement>();
            for (var previous = await history.TakeOverAsync(store); statements.Count < 20; previous = statements[^1].Next)
                statements.Add(history.After(previous));
            return (history, store, statements);
        }));

        var outcomes = await Task.WhenAll(nodes.Select(node => node.store.StoreAsync(node.statements, null, CancellationToken.None)));

        Assert.All(outcomes.SelectMany(each => each), outcome => Assert.Equal(StatementResult.Stored, outcome.Result));
        foreach (var (history, _, statements) in nodes)
            Assert.Equal(statements, await history.StoredAsync());
    }

    private async Task<CheckpointId> CheckpointAsync() =>
        (await Store.ReadCheckpointsAsync([_history.Bucket], CancellationToken.None))[_history.Bucket];
}
