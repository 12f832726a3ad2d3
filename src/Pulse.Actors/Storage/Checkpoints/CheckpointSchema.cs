using System.Data.Common;
using System.Globalization;
using Pulse.Actors.Storage.Streams;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// The tables and buckets of a database, and the declarations of the rollups in it. Its caller sees to it that one prepares
/// at a time, in a transaction.
/// </summary>
/// <param name="address">The database.</param>
/// <param name="kind">Its kind.</param>
/// <param name="catalog">The rollups; the ledger of dead letters is added to them.</param>
internal sealed class CheckpointSchema(StorageAddress address, StorageKind kind, RollupCatalog catalog)
{
    // The tables of a node's own that it writes to while it runs.
    private static readonly string[] Written =
    [
        "pulse_bucket", "pulse_gap", "pulse_sink", "pulse_stream", "pulse_cut", NodeRegister.Table,
        PersistenceConfiguration.JournalTable, PersistenceConfiguration.SnapshotTable,
    ];

    private readonly DatabaseVersion _version = new(address, kind);

    private readonly List<ResultTable> _tables =
        [.. catalog.Counted.Select(rollup => new ResultTable(rollup, SqlDialect.For(kind)))];

    /// <summary>Executes the steps that are new to the database, and creates tables and buckets that are absent.</summary>
    /// <returns>The versions of the rollups.</returns>
    /// <exception cref="StorageException">The database can't be used as it is; the message says what to do.</exception>
    public async Task<RollupVersions> PrepareAsync(
        DbConnection connection, CountingRules rules, CancellationToken cancellationToken)
    {
        await DatabaseServer.RequireFitAsync(connection, kind, address, cancellationToken).ConfigureAwait(false);
        await _version.RaiseAsync(connection, cancellationToken).ConfigureAwait(false);
        var before = await ReadDeclaredAsync(connection, cancellationToken).ConfigureAwait(false);
        // Where a rollup was declared otherwise, that says more than its table.
        await RequireShapesAsync(
            connection,
            _tables.Where(table => !before.TryGetValue(NameOf(table.Rollup), out var declared)
                || declared.Digest == new VersionDeclaration(table.Rollup, rules).Digest),
            cancellationToken).ConfigureAwait(false);
        foreach (var statement in _tables.SelectMany(table => table.Creation()))
            await connection.ExecuteAsync(statement, cancellationToken).ConfigureAwait(false);
        foreach (var table in _tables)
            await DeclareAsync(connection, table.Rollup, rules, cancellationToken).ConfigureAwait(false);

        var versions = await ReadVersionsAsync(connection, rules, cancellationToken).ConfigureAwait(false);
        foreach (var version in versions.All)
        {
            if (before.ContainsKey(NameOf(version.Rollup)))
                await RequireBucketsAsync(connection, version, cancellationToken).ConfigureAwait(false);
            else
                await AddBucketsAsync(connection, version.Number, version.Buckets, cancellationToken).ConfigureAwait(false);
        }

        await StreamRegister.FillAsync(connection, cancellationToken).ConfigureAwait(false);
        await DatabaseServer.RequireRightsAsync(
            connection, kind, address, [.. Written, .. _tables.Select(table => table.Name)], cancellationToken).ConfigureAwait(false);
        return versions;
    }

    /// <summary>Takes the database as it is, and changes nothing.</summary>
    /// <returns>The versions of the rollups.</returns>
    /// <exception cref="StorageException">The database can't be used as it is; the message says what to do.</exception>
    public async Task<RollupVersions> OpenAsync(
        DbConnection connection, CountingRules rules, CancellationToken cancellationToken)
    {
        await _version.CheckAsync(connection, cancellationToken).ConfigureAwait(false);
        return await ReadVersionsAsync(connection, rules, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An expression that makes a <see cref="CheckpointId"/> that was never used.</summary>
    public static string NewName(StorageKind kind) => kind == StorageKind.Postgres ? "gen_random_uuid()" : "randomblob(16)";

    /// <summary>The name of a rollup's table as both databases have it: they don't tell it from others in upper case.</summary>
    public static string NameOf(Rollup rollup) => rollup.TableName.ToLowerInvariant();

    /// <summary>
    /// Declares a rollup where its table has no version yet: a table belongs to one version, with two nobody could say what its
    /// counts are counts of.
    /// </summary>
    public static Task DeclareAsync(
        DbConnection connection,
        Rollup rollup,
        CountingRules rules,
        CancellationToken cancellationToken)
    {
        var declaration = new VersionDeclaration(rollup, rules);
        return connection.ExecuteAsync(
            "insert into pulse_version (version, rollup, table_name, digest, declaration) "
            + "select (select coalesce(max(version), 0) + 1 from pulse_version), @rollup, @table, @digest, @declaration "
            + "where not exists (select 1 from pulse_version where table_name = @table)",
            cancellationToken,
            ("rollup", rollup.Name),
            ("table", NameOf(rollup)),
            ("digest", declaration.Digest),
            ("declaration", declaration.Text));
    }

    private async Task RequireShapesAsync(
        DbConnection connection, IEnumerable<ResultTable> tables, CancellationToken cancellationToken)
    {
        var objections = new List<string>();
        foreach (var table in tables)
            objections.AddRange(await new TableShape(table, kind).ObjectionsAsync(connection, cancellationToken).ConfigureAwait(false));
        if (objections.Count > 0)
            throw new UnfitDatabaseException(
                $"{address.Description}: {string.Join("; ", objections)}. Change that back, or restore the whole database from a backup.");
    }

    private async Task<RollupVersions> ReadVersionsAsync(
        DbConnection connection, CountingRules rules, CancellationToken cancellationToken)
    {
        var stored = await ReadDeclaredAsync(connection, cancellationToken).ConfigureAwait(false);
        var versions = new Dictionary<string, RollupVersion>(StringComparer.Ordinal);
        var mistakes = new List<string>();
        var changes = new List<(string Rollup, string Change)>();
        foreach (var table in _tables)
        {
            var declaration = new VersionDeclaration(table.Rollup, rules);
            if (!stored.TryGetValue(NameOf(table.Rollup), out var version))
                mistakes.Add($"rollup '{table.Rollup.Name}' is not counted in it; start a node that is configured like this first");
            else if (version.Digest != declaration.Digest)
                changes.AddRange(declaration.ChangesSince(version.Text).Select(change => (table.Rollup.Name, change)));
            else
                versions.Add(table.Rollup.Name, new RollupVersion(version.Number, table));
        }

        // A change of all rollups is told once.
        mistakes.AddRange(changes.GroupBy(each => each.Change, each => each.Rollup).Select(change =>
            $"{(change.Count() == 1 ? "rollup" : "rollups")} {string.Join(", ", change)} {(change.Count() == 1 ? "was" : "were")} "
            + $"counted under another declaration: {change.Key}"));
        if (changes.Count > 0)
            mistakes.Add(
                "configure what differs as before, give a rollup of your own another name to count it beside the old one, "
                + $"or count again from the log by 'pulse rebuild {string.Join(' ', changes.Select(each => $"--rollup {each.Rollup}").Distinct())}'");
        var message = $"{address.Description}: {string.Join("; ", mistakes)}.";
        return changes.Count > 0 ? throw new DeclaredOtherwiseException(message)
            : mistakes.Count > 0 ? throw new StorageException(message)
            : new RollupVersions(versions);
    }

    /// <summary>The versions in the database, by the names of their tables.</summary>
    public static async Task<Dictionary<string, (int Number, string Digest, string Text)>> ReadDeclaredAsync(
        DbConnection connection, CancellationToken cancellationToken)
    {
        var command = connection.Command("select table_name, version, digest, declaration from pulse_version");
        await using var disposing = command.ConfigureAwait(false);
        var declared = await command
            .ReadAllAsync(row => (row.GetString(0), Version: (row.GetInt32(1), row.GetString(2), row.GetString(3))), cancellationToken)
            .ConfigureAwait(false);
        return declared.ToDictionary(row => row.Item1, row => row.Version, StringComparer.Ordinal);
    }

    // A row that is gone knew what the table holds of its bucket. From the start on, all of that would be counted once more.
    private async Task RequireBucketsAsync(DbConnection connection, RollupVersion version, CancellationToken cancellationToken)
    {
        var rows = Convert.ToInt32(
            await connection.ScalarAsync(
                string.Create(CultureInfo.InvariantCulture, $"select count(*) from pulse_bucket where version = {version.Number}"),
                cancellationToken).ConfigureAwait(false),
            CultureInfo.InvariantCulture);
        if (rows != version.Buckets)
            throw new StorageException(string.Create(
                CultureInfo.InvariantCulture,
                $"{address.Description}: table pulse_bucket has {rows} of the {version.Buckets} rows of rollup '{version.Rollup.Name}', "
                + $"so nobody knows what {version.Table.Name} holds. Restore the whole database from a backup, or use an empty one."));
    }

    /// <summary>
    /// Gives the buckets of a new version a row each, at the start of everything: without one, nobody would know that they stand
    /// anywhere.
    /// </summary>
    public Task AddBucketsAsync(DbConnection connection, int version, int buckets, CancellationToken cancellationToken, long generation = 0) =>
        connection.ExecuteAsync(
            "with recursive numbers (bucket) as (select 0 union all select bucket + 1 from numbers where bucket + 1 < @buckets) "
            + "insert into pulse_bucket (version, bucket, checkpoint, generation, positions, counted, late, dead, filtered, consumed) "
            + $"select @version, bucket, {NewName(kind)}, @generation, '', 0, 0, 0, 0, 0 from numbers",
            cancellationToken,
            ("version", version),
            ("buckets", buckets),
            ("generation", generation));
}
