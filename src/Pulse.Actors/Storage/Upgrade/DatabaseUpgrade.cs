using System.Data.Common;
using System.Globalization;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Storage.Upgrade;

/// <summary>
/// Brings a database of an earlier version to this one, in one transaction: before it and after any failure it is a database of
/// that version, which can go on in it. The result tables stay as they are, and buckets get their rows at the positions where the
/// tables stand. That is one place only in a drained database; any other is refused.
/// </summary>
/// <param name="sessions">The database.</param>
/// <param name="catalog">The rollups that are configured now.</param>
internal sealed class DatabaseUpgrade(IStorageSessions sessions, RollupCatalog catalog)
{
    // Other nodes wait so long for the one that reads large tables.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly CheckpointSchema _schema = new(sessions.Address, sessions.Kind, catalog);
    private readonly DatabaseVersion _version = new(sessions.Address, sessions.Kind);
    private readonly SqlDialect _dialect = SqlDialect.For(sessions.Kind);

    /// <summary>Whether an earlier version wrote the database.</summary>
    /// <exception cref="StorageException">It can't be asked.</exception>
    public Task<bool> IsNeededAsync(CancellationToken cancellationToken)
    {
        if (sessions.Kind == StorageKind.Sqlite)
            sessions.Address.CreateDirectory();
        return sessions.RunAsync(_version.IsEarlierAsync, cancellationToken);
    }

    /// <summary>Whether any version has used the database.</summary>
    /// <exception cref="StorageException">It can't be asked.</exception>
    public Task<bool> IsUsedAsync(CancellationToken cancellationToken) => sessions.RunAsync(_version.IsUsedAsync, cancellationToken);

    /// <summary>Upgrades the database; any number of nodes may do so at once.</summary>
    /// <param name="committed">What Kafka said before: what is committed is stored, so it must not be asked later.</param>
    /// <param name="rules">As configured now; part of each declaration from now on.</param>
    /// <param name="cancellationToken">Ends the work, of which nothing stays then.</param>
    /// <returns>What was brought over; null where another node was quicker.</returns>
    /// <exception cref="StorageException">
    /// The database can't be upgraded as it is, or rollups are declared otherwise now. The message says what to do.
    /// </exception>
    public async Task<UpgradedDatabase?> RunAsync(
        GroupProgress committed, CountingRules rules, CancellationToken cancellationToken)
    {
        try
        {
            return await sessions.RunAloneAsync(
                async (connection, token) =>
                {
                    if (!await _version.IsEarlierAsync(connection, token).ConfigureAwait(false))
                        return null;
                    await DatabaseServer.RequireFitAsync(connection, sessions.Kind, sessions.Address, token).ConfigureAwait(false);
                    var upgraded = await UpgradeAsync(connection, committed, rules, token).ConfigureAwait(false);
                    // Judges whether what is configured now is what was declared.
                    await _schema.PrepareAsync(connection, rules, token).ConfigureAwait(false);
                    return upgraded;
                },
                Patience,
                cancellationToken).ConfigureAwait(false);
        }
        catch (NotDrainedException exception)
        {
            throw new StorageException(
                $"{sessions.Address.Description}: it was written by an earlier version of Pulse and can't be upgraded as it is: "
                + exception.Message,
                exception);
        }
    }

    private async Task<UpgradedDatabase> UpgradeAsync(
        DbConnection connection, GroupProgress committed, CountingRules rules, CancellationToken cancellationToken)
    {
        if (!await _version.ExistsAsync(connection, EarlierVersions.Declarations, cancellationToken).ConfigureAwait(false))
            throw new NotDrainedException("it declares no rollups", NotDrainedException.StartOnce);

        await RequireAsync(connection, EarlierJournal.Tables, cancellationToken).ConfigureAwait(false);
        var journal = new EarlierJournal(connection);
        await journal.PutAsideAsync(cancellationToken).ConfigureAwait(false);
        await _version.RaiseAsync(connection, cancellationToken).ConfigureAwait(false);
        await journal.KeepOthersAsync(cancellationToken).ConfigureAwait(false);

        var declared = await EarlierDeclarations.ReadAsync(
            connection, EarlierVersions.Declarations + EarlierJournal.Suffix, catalog.Counted, cancellationToken).ConfigureAwait(false);
        await RequireAsync(connection, declared.Rollups.Select(rollup => rollup.TableName), cancellationToken).ConfigureAwait(false);
        var tables = declared.Rollups.ToDictionary(
            rollup => rollup.Name, rollup => new EarlierTable(connection, new ResultTable(rollup, _dialect), _dialect), StringComparer.Ordinal);
        var progress = await ReadProgressAsync(journal, tables, cancellationToken).ConfigureAwait(false);
        var totals = new List<EarlierTotal>();
        foreach (var rollup in declared.Rollups)
        {
            totals.Add(new EarlierTotal(
                rollup,
                await tables[rollup.Name].SumAsync(cancellationToken).ConfigureAwait(false),
                await journal.LateOfAsync(rollup.Name, cancellationToken).ConfigureAwait(false)));
        }

        var positions = progress.Agreed(committed, totals).ToString();
        foreach (var total in totals)
        {
            await CheckpointSchema.DeclareAsync(
                connection, total.Rollup, rules with { WindowLength = declared.WindowLength }, cancellationToken).ConfigureAwait(false);
            await AddBucketsAsync(connection, total, totals, positions, cancellationToken).ConfigureAwait(false);
        }

        // That version, too, had delivered what it counted.
        await SinkPositions.BeginWhereBucketsStandAsync(connection, sessions.Kind, cancellationToken).ConfigureAwait(false);
        return new UpgradedDatabase(totals.Count, totals.Select(total => total.Counted.Sum()).DefaultIfEmpty().Max(), positions);
    }

    private async Task RequireAsync(DbConnection connection, IEnumerable<string> tables, CancellationToken cancellationToken)
    {
        foreach (var table in tables)
        {
            if (!await _version.ExistsAsync(connection, table, cancellationToken).ConfigureAwait(false))
                throw new NotDrainedException($"its table {table} is missing", NotDrainedException.Restore);
        }
    }

    private static async Task<EarlierProgress> ReadProgressAsync(
        EarlierJournal journal, Dictionary<string, EarlierTable> tables, CancellationToken cancellationToken)
    {
        var progress = new EarlierProgress();
        await foreach (var bucket in journal.ReadLastAsync(cancellationToken).ConfigureAwait(false))
        {
            var isPublished = tables.TryGetValue(bucket.Rollup, out var table)
                && await table.HoldsAsync(bucket.Counts, cancellationToken).ConfigureAwait(false)
                && await journal.LateOfAsync(bucket, cancellationToken).ConfigureAwait(false) == bucket.LateCount;
            progress.Add(bucket, isPublished);
        }

        return progress;
    }

    private async Task AddBucketsAsync(
        DbConnection connection,
        EarlierTotal total,
        IReadOnlyList<EarlierTotal> totals,
        string positions,
        CancellationToken cancellationToken)
    {
        var version = Convert.ToInt32(
            await connection.ScalarAsync("select max(version) from pulse_version", cancellationToken).ConfigureAwait(false),
            CultureInfo.InvariantCulture);
        await connection.ExecuteAsync(
            "update pulse_version set base = @base where version = @version",
            cancellationToken,
            ("base", positions),
            ("version", version)).ConfigureAwait(false);
        await _schema.AddBucketsAsync(connection, version, total.Rollup.Buckets, cancellationToken).ConfigureAwait(false);
        for (var bucket = 0; bucket < total.Rollup.Buckets; bucket++)
        {
            var balance = total.BalanceOf(bucket, totals);
            await connection.ExecuteAsync(
                "update pulse_bucket set positions = @positions, counted = @counted, late = @late, dead = @dead, "
                + "filtered = @filtered, consumed = @consumed where version = @version and bucket = @bucket",
                cancellationToken,
                ("positions", positions),
                ("counted", balance.Counted),
                ("late", balance.Late),
                ("dead", balance.Dead),
                ("filtered", balance.Filtered),
                ("consumed", balance.Consumed),
                ("version", version),
                ("bucket", bucket)).ConfigureAwait(false);
        }
    }
}
