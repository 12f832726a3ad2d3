using Pulse.Events;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>Chooses connections and store for a database.</summary>
internal static class CheckpointStores
{
    /// <summary>A store with connections of its own.</summary>
    /// <inheritdoc cref="For(IStorageSessions, RollupCatalog)" />
    /// <exception cref="StorageException">The connection string can't be understood.</exception>
    public static ICheckpointStore For(StorageOptions options, RollupCatalog catalog) => For(SessionsFor(options), catalog);

    /// <summary>Opens nothing yet; <see cref="ICheckpointStore.PrepareAsync"/> comes first.</summary>
    /// <param name="sessions">The connections, closed with the store.</param>
    /// <param name="catalog">The rollups; the ledger of dead letters is added to them.</param>
    public static ICheckpointStore For(IStorageSessions sessions, RollupCatalog catalog) => sessions switch
    {
        SqliteSessions file => new SqliteCheckpointStore(file, catalog),
        PostgresSessions server => new PostgresCheckpointStore(server, catalog),
        _ => throw new ArgumentOutOfRangeException(nameof(sessions), sessions, "No such kind of storage."),
    };

    /// <summary>A node's connections; opens none yet.</summary>
    /// <exception cref="StorageException">The connection string can't be understood.</exception>
    public static IStorageSessions SessionsFor(StorageOptions options)
    {
        var address = StorageAddress.Parse(options);
        return options.Kind == StorageKind.Sqlite ? new SqliteSessions(address) : new PostgresSessions(address);
    }
}
