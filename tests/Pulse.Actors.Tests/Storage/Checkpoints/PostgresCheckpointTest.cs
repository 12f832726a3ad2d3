using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

/// <summary>A test on PostgreSQL with a database of its own, a bucket's history, and a session of somebody else.</summary>
public abstract class PostgresCheckpointTest(PostgresFixture postgres) : IAsyncLifetime
{
    private CheckpointDatabase _database = null!;
    private BucketHistory _history = null!;
    private OtherSession _other = null!;

    private protected CheckpointDatabase Database => _database;

    private protected ICheckpointStore Store => _database.Store;

    /// <summary>Of bucket 1.</summary>
    private protected BucketHistory History => _history;

    private protected OtherSession Other => _other;

    public async ValueTask InitializeAsync()
    {
        _database = await CheckpointDatabase.CreateAsync(StorageKind.Postgres, postgres);
        _history = new BucketHistory(_database, 1);
        _other = await OtherSession.OpenAsync(_database.Options.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        if (_other is not null)
            await _other.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected Task<StatementResult[]> ResultsAsync(params CheckpointStatement[] statements) => ResultsAsync(Store, statements);

    private protected static async Task<StatementResult[]> ResultsAsync(ICheckpointStore store, params CheckpointStatement[] statements) =>
        [.. (await store.StoreAsync(statements, null, CancellationToken.None)).Select(outcome => outcome.Result)];

    private protected async Task<CheckpointId> CheckpointAsync() =>
        (await Store.ReadCheckpointsAsync([_history.Bucket], CancellationToken.None))[_history.Bucket];
}
