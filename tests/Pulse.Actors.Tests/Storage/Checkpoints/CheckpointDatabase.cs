using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

/// <summary>A prepared database for one test, and the stores of as many nodes as it wants.</summary>
internal sealed class CheckpointDatabase : IAsyncDisposable
{
    public static readonly RollupCatalog Catalog = Declare();

    private readonly TestStorage _storage;
    private readonly List<ICheckpointStore> _stores = [];

    private CheckpointDatabase(TestStorage storage) => _storage = storage;

    /// <summary>A rollup of two dimensions in four buckets.</summary>
    public static Rollup Titles { get; } = Catalog.Rollups[^1];

    /// <summary>Another, of as many buckets as usual.</summary>
    public static Rollup Genders { get; } = RollupCatalog.BuiltIn[1];

    public StorageOptions Options => _storage.Options;

    /// <summary>The store of the first node.</summary>
    public ICheckpointStore Store => _stores[0];

    public static async Task<CheckpointDatabase> CreateAsync(StorageKind kind, PostgresFixture postgres)
    {
        var database = new CheckpointDatabase(await TestStorage.CreateAsync(kind, postgres));
        await database.OpenAsync();
        return database;
    }

    /// <summary>The store of one more node.</summary>
    /// <param name="connectionString">Its way to the database; null for the usual one.</param>
    public async Task<ICheckpointStore> OpenAsync(string? connectionString = null)
    {
        var store = CheckpointStores.For(Options with { ConnectionString = connectionString ?? Options.ConnectionString }, Catalog);
        _stores.Add(store);
        await store.PrepareAsync(CountingRules.Default, CancellationToken.None);
        return store;
    }

    /// <summary>Looks into the database past Pulse's own code; columns of a row are joined with <c>|</c>.</summary>
    public Task<IReadOnlyList<string>> QueryAsync(string sql) => _storage.QueryAsync(sql);

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
            await store.DisposeAsync();
        await _storage.DisposeAsync();
    }

    private static RollupCatalog Declare()
    {
        var mistakes = RollupCatalog.TryCreate(
            [new RollupDeclaration { Name = "viewsByTitle", Dimensions = ["content_name", "language"], Buckets = 4 }], out var catalog);
        return mistakes.Count == 0 ? catalog : throw new InvalidOperationException(mistakes[0]);
    }
}
