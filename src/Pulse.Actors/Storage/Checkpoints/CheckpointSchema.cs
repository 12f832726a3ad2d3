using System.Data.Common;
using System.Globalization;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// Brings a database to the schema that this program knows, and declares the rollups in it. Its caller sees to it that one
/// does so at a time, in a transaction.
/// </summary>
/// <param name="address">The database.</param>
/// <param name="kind">Its kind.</param>
/// <param name="catalog">The rollups; the ledger of dead letters is added to them.</param>
internal sealed class CheckpointSchema(StorageAddress address, StorageKind kind, RollupCatalog catalog)
{
    private static readonly int Known = SchemaStep.All[^1].Number;

    private readonly List<ResultTable> _tables =
        [.. catalog.Rollups.Append(DeadLetters.Rollup).Select(rollup => new ResultTable(rollup, SqlDialect.For(kind)))];

    private readonly string _newName = kind == StorageKind.Postgres ? "gen_random_uuid()" : "randomblob(16)";

    /// <summary>Executes the steps that are new to the database, and creates tables and buckets that are absent.</summary>
    /// <returns>The versions of the rollups.</returns>
    /// <exception cref="StorageException">The database can't be used as it is; the message says what to do.</exception>
    public async Task<RollupVersions> PrepareAsync(
        DbConnection connection, TimeSpan windowLength, CancellationToken cancellationToken)
    {
        await ExecuteStepsAsync(connection, cancellationToken).ConfigureAwait(false);
        foreach (var statement in _tables.SelectMany(table => table.Creation()))
            await connection.ExecuteAsync(statement, cancellationToken).ConfigureAwait(false);

        var versions = new Dictionary<string, RollupVersion>(StringComparer.Ordinal);
        var mistakes = new List<string>();
        foreach (var table in _tables)
        {
            var declaration = new VersionDeclaration(table.Rollup, windowLength);
            var (number, digest, text) = await DeclareAsync(connection, table.Rollup, declaration, cancellationToken)
                .ConfigureAwait(false);
            if (digest == declaration.Digest)
                versions.Add(table.Rollup.Name, new RollupVersion(number, table));
            else
                mistakes.Add($"'{table.Rollup.Name}' was first counted as '{text}' and is now declared as '{declaration}'");
        }

        if (mistakes.Count > 0)
            throw new StorageException($"{address.Description}: {string.Join("; ", mistakes)}. Declare it as before, or give the "
                + "new rollup another name; a new window length needs an empty database.");

        foreach (var version in versions.Values)
            await AddBucketsAsync(connection, version, cancellationToken).ConfigureAwait(false);
        return new RollupVersions(versions);
    }

    private async Task ExecuteStepsAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var now = kind == StorageKind.Postgres
            ? "timestamptz not null default now()"
            : "text not null default current_timestamp";
        await connection.ExecuteAsync(
            $"create table if not exists pulse_schema (step integer not null primary key, executed_at {now})",
            cancellationToken).ConfigureAwait(false);
        var current = Convert.ToInt32(
            await connection.ScalarAsync("select coalesce(max(step), 0) from pulse_schema", cancellationToken)
                .ConfigureAwait(false),
            CultureInfo.InvariantCulture);
        if (current > Known)
            throw new StorageException($"{address.Description}: its schema has version {current}, and this program knows "
                + $"versions up to {Known}. Run the version of Pulse that raised it, or a newer one.");

        foreach (var step in SchemaStep.All.Where(step => step.Number > current))
        {
            foreach (var statement in step.Statements(kind))
                await connection.ExecuteAsync(statement, cancellationToken).ConfigureAwait(false);
            await connection.ExecuteAsync(
                "insert into pulse_schema (step) values (@step)", cancellationToken, ("step", step.Number)).ConfigureAwait(false);
        }
    }

    // A table belongs to one version: with two, nobody could say what its counts are counts of.
    private static async Task<(int Number, string Digest, string Text)> DeclareAsync(
        DbConnection connection, Rollup rollup, VersionDeclaration declaration, CancellationToken cancellationToken)
    {
        // As both databases have the name, which they don't tell from others in upper case.
        var table = rollup.TableName.ToLowerInvariant();
        await connection.ExecuteAsync(
            "insert into pulse_version (version, rollup, table_name, digest, declaration) "
            + "select (select coalesce(max(version), 0) + 1 from pulse_version), @rollup, @table, @digest, @declaration "
            + "where not exists (select 1 from pulse_version where table_name = @table)",
            cancellationToken,
            ("rollup", rollup.Name),
            ("table", table),
            ("digest", declaration.Digest),
            ("declaration", declaration.Text)).ConfigureAwait(false);

        var command = connection.Command(
            "select version, digest, declaration from pulse_version where table_name = @table", ("table", table));
        await using var disposing = command.ConfigureAwait(false);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        return (reader.GetInt32(0), reader.GetString(1), reader.GetString(2));
    }

    // A bucket without a position would be asked by nobody where the version stands.
    private Task AddBucketsAsync(DbConnection connection, RollupVersion version, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            "with recursive numbers (bucket) as (select 0 union all select bucket + 1 from numbers where bucket + 1 < @buckets) "
            + "insert into pulse_bucket (version, bucket, checkpoint, generation, positions, counted, late, dead, filtered, consumed) "
            + $"select @version, bucket, {_newName}, 0, '', 0, 0, 0, 0, 0 from numbers where true on conflict do nothing",
            cancellationToken,
            ("version", version.Number),
            ("buckets", version.Buckets));
}
