using System.Data.Common;
using System.Globalization;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// The version of a database's schema: the last of the <see cref="SchemaStep"/>s that were executed in it. A database that
/// an earlier version of Pulse wrote has none, and has to be upgraded first.
/// </summary>
/// <param name="address">The database.</param>
/// <param name="kind">Its kind.</param>
internal sealed class DatabaseVersion(StorageAddress address, StorageKind kind)
{
    private const string Table = "pulse_schema";

    private static readonly int Known = SchemaStep.All[^1].Number;

    /// <summary>Executes the steps that are new to the database. Its caller sees to it that one does so at a time, in a transaction.</summary>
    /// <exception cref="StorageException">The database can't be used as it is; the message says what to do.</exception>
    public async Task RaiseAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        if (!await ExistsAsync(connection, Table, cancellationToken).ConfigureAwait(false))
        {
            await RefuseEarlierAsync(connection, cancellationToken).ConfigureAwait(false);
            var now = kind == StorageKind.Postgres
                ? "timestamptz not null default now()"
                : "text not null default current_timestamp";
            await connection.ExecuteAsync(
                $"create table {Table} (step integer not null primary key, executed_at {now})", cancellationToken).ConfigureAwait(false);
        }

        var current = await CurrentAsync(connection, cancellationToken).ConfigureAwait(false);
        foreach (var step in SchemaStep.All.Where(step => step.Number > current))
        {
            foreach (var statement in step.Statements(kind))
                await connection.ExecuteAsync(statement, cancellationToken).ConfigureAwait(false);
            if (step.Fill is { } fill)
                await fill(connection, kind, cancellationToken).ConfigureAwait(false);
            await connection.ExecuteAsync(
                $"insert into {Table} (step) values (@step)", cancellationToken, ("step", step.Number)).ConfigureAwait(false);
        }
    }

    /// <summary>Checks that nothing is missing, and changes nothing.</summary>
    /// <exception cref="StorageException">The database can't be used as it is; the message says what to do.</exception>
    public async Task CheckAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var current = 0;
        if (await ExistsAsync(connection, Table, cancellationToken).ConfigureAwait(false))
            current = await CurrentAsync(connection, cancellationToken).ConfigureAwait(false);
        else
            await RefuseEarlierAsync(connection, cancellationToken).ConfigureAwait(false);
        if (current < Known)
            throw new StorageException($"{address.Description}: no node of this version of Pulse has used it yet. Start one first.");
    }

    /// <summary>
    /// Whether an earlier version of Pulse wrote the database: that declared rollups in one table, and stored buckets as events of
    /// the journal that is the coordinator's now.
    /// </summary>
    public async Task<bool> IsEarlierAsync(DbConnection connection, CancellationToken cancellationToken) =>
        !await ExistsAsync(connection, Table, cancellationToken).ConfigureAwait(false)
        && (await ExistsAsync(connection, EarlierVersions.Declarations, cancellationToken).ConfigureAwait(false)
            || (await ExistsAsync(connection, PersistenceConfiguration.JournalTable, cancellationToken).ConfigureAwait(false)
                && await IsTrueAsync(connection, EarlierVersions.HasBucketEvents, cancellationToken).ConfigureAwait(false)));

    /// <summary>Whether any version of Pulse has used the database.</summary>
    public async Task<bool> IsUsedAsync(DbConnection connection, CancellationToken cancellationToken) =>
        await ExistsAsync(connection, Table, cancellationToken).ConfigureAwait(false)
        || await IsEarlierAsync(connection, cancellationToken).ConfigureAwait(false);

    /// <summary>Whether there is such a table.</summary>
    // Not by to_regclass: a session that has waited for an advisory lock may still remember that there was none.
    public Task<bool> ExistsAsync(DbConnection connection, string table, CancellationToken cancellationToken) => IsTrueAsync(
        connection,
        kind == StorageKind.Postgres
            ? "select exists (select 1 from pg_class join pg_namespace on pg_namespace.oid = relnamespace "
                + $"where relname = '{table.ToLowerInvariant()}' and nspname = any(current_schemas(false)))"
            : $"select exists (select 1 from sqlite_master where type = 'table' and lower(name) = '{table.ToLowerInvariant()}')",
        cancellationToken);

    private async Task<int> CurrentAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var current = Convert.ToInt32(
            await connection.ScalarAsync($"select coalesce(max(step), 0) from {Table}", cancellationToken).ConfigureAwait(false),
            CultureInfo.InvariantCulture);
        return current <= Known
            ? current
            : throw new StorageException($"{address.Description}: its schema has version {current}, and this program knows "
                + $"versions up to {Known}. Run the version of Pulse that raised it, or a newer one.");
    }

    private async Task RefuseEarlierAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        if (await IsEarlierAsync(connection, cancellationToken).ConfigureAwait(false))
            throw new StorageException($"{address.Description}: it was written by an earlier version of Pulse. "
                + "Start a node of this version first, which upgrades it.");
    }

    private static async Task<bool> IsTrueAsync(DbConnection connection, string question, CancellationToken cancellationToken) =>
        Convert.ToBoolean(
            await connection.ScalarAsync(question, cancellationToken).ConfigureAwait(false), CultureInfo.InvariantCulture);
}
