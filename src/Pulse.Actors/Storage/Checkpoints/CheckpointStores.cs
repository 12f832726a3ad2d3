using Pulse.Events;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>Chooses the store for a database.</summary>
internal static class CheckpointStores
{
    /// <summary>Opens nothing yet; <see cref="ICheckpointStore.PrepareAsync"/> comes first.</summary>
    /// <param name="options">The database.</param>
    /// <param name="catalog">The rollups; the ledger of dead letters is added to them.</param>
    /// <exception cref="StorageException">The connection string can't be understood.</exception>
    public static ICheckpointStore For(StorageOptions options, RollupCatalog catalog)
    {
        var address = StorageAddress.Parse(options);
        return options.Kind == StorageKind.Sqlite
            ? new SqliteCheckpointStore(address, catalog)
            : new PostgresCheckpointStore(address, catalog);
    }
}
