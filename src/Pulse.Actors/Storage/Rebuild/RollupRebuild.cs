using System.Data.Common;
using System.Globalization;
using Pulse.Actors.Storage.Actions;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Storage.Rebuild;

/// <summary>
/// Has rollups counted again from the start of the log, in one transaction: their tables are emptied, and their buckets stand
/// nowhere. Nodes may run meanwhile: each bucket has another content from then on, so its incarnation ends and the next one
/// begins there; other rollups skip what they hold.
/// </summary>
/// <remarks>
/// Rows are made anew, so that one that was lost or damaged is whole again. A rollup that is declared otherwise becomes a version
/// of another number. Nodes that are configured as
/// before find no row of theirs any more, so that they can count nothing into the new version's.
/// </remarks>
/// <param name="sessions">The database.</param>
/// <param name="catalog">The rollups as they are configured; the ledger of dead letters is one of them.</param>
internal sealed class RollupRebuild(IStorageSessions sessions, RollupCatalog catalog)
{
    // Statements that are under way are waited for, and a million rows take their time.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly DatabaseVersion _version = new(sessions.Address, sessions.Kind);
    private readonly CheckpointSchema _schema = new(sessions.Address, sessions.Kind, catalog);
    private readonly SqlDialect _dialect = SqlDialect.For(sessions.Kind);

    /// <summary>Says what a rebuild would change, and changes nothing.</summary>
    /// <param name="rollups">Of the catalogue.</param>
    /// <param name="rules">The rules by which records are counted from then on.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StorageException">A rollup is not counted in the database, or that can't be used.</exception>
    public Task<IReadOnlyList<RebuiltRollup>> PlanAsync(
        IReadOnlyCollection<Rollup> rollups, CountingRules rules, CancellationToken cancellationToken) =>
        sessions.RunAsync((connection, token) => PlanAsync(connection, rollups, rules, token), cancellationToken);

    /// <summary>Does it, and keeps who did.</summary>
    /// <param name="rollups">As for <see cref="PlanAsync(IReadOnlyCollection{Rollup}, CountingRules, CancellationToken)"/>.</param>
    /// <param name="rules">The same.</param>
    /// <param name="who">The operator, as <c>user@host</c>.</param>
    /// <param name="cancellationToken">Ends the work, of which nothing stays then.</param>
    /// <exception cref="StorageException">The same.</exception>
    public Task<IReadOnlyList<RebuiltRollup>> RunAsync(
        IReadOnlyCollection<Rollup> rollups, CountingRules rules, string who, CancellationToken cancellationToken) =>
        sessions.RunAloneAsync(
            async (connection, token) =>
            {
                var plan = await PlanAsync(connection, rollups, rules, token).ConfigureAwait(false);
                // First all tables, then rows: a statement that waits for a row holds its table already.
                foreach (var name in plan.Select(each => each.Rollup.TableName).Order(StringComparer.Ordinal))
                    await LockAsync(connection, name, token).ConfigureAwait(false);
                foreach (var rollup in plan)
                    await RebuildAsync(connection, rollup, rules, token).ConfigureAwait(false);
                await ActionLog.AddAsync(connection, who, Sentence(plan), token).ConfigureAwait(false);
                return plan;
            },
            Patience,
            cancellationToken);

    private static string Sentence(IReadOnlyList<RebuiltRollup> plan) =>
        "rebuild: " + string.Join("; ", plan.Select(each => each.Rollup.Name
            + (each.Changes.Count == 0 ? "" : $" ({string.Join(", ", each.Changes)})")))
        + " counted again from the start of the log.";

    private async Task<IReadOnlyList<RebuiltRollup>> PlanAsync(
        DbConnection connection, IReadOnlyCollection<Rollup> rollups, CountingRules rules, CancellationToken cancellationToken)
    {
        await _version.CheckAsync(connection, cancellationToken).ConfigureAwait(false);
        var declared = await CheckpointSchema.ReadDeclaredAsync(connection, cancellationToken).ConfigureAwait(false);
        return
        [
            .. rollups.Select(rollup => declared.TryGetValue(CheckpointSchema.NameOf(rollup), out var before)
                ? new RebuiltRollup(rollup, before.Number, [.. new VersionDeclaration(rollup, rules).ChangesSince(before.Text)])
                : throw new StorageException(
                    $"{sessions.Address.Description}: rollup '{rollup.Name}' is not counted in it. Start a node: it begins with the "
                    + "first record that the topic still has.")),
        ];
    }

    private Task LockAsync(DbConnection connection, string table, CancellationToken cancellationToken) =>
        sessions.Kind == StorageKind.Postgres
            ? ExecuteAsync(connection, $"lock table {table} in access exclusive mode", cancellationToken)
            : Task.CompletedTask;

    // A number is given to one declaration ever: another one takes the next, and no version's row is deleted.
    private async Task RebuildAsync(DbConnection connection, RebuiltRollup rebuilt, CountingRules rules, CancellationToken cancellationToken)
    {
        var declaration = new VersionDeclaration(rebuilt.Rollup, rules);
        var version = rebuilt.Changes.Count == 0
            ? rebuilt.Version
            : Convert.ToInt32(
                await connection.ScalarAsync("select max(version) + 1 from pulse_version", cancellationToken).ConfigureAwait(false),
                CultureInfo.InvariantCulture);
        await ExecuteAsync(
            connection,
            "update pulse_version set version = @version, rollup = @rollup, digest = @digest, declaration = @declaration, base = '' "
            + "where version = @before",
            cancellationToken,
            ("version", version),
            ("rollup", rebuilt.Rollup.Name),
            ("digest", declaration.Digest),
            ("declaration", declaration.Text),
            ("before", rebuilt.Version)).ConfigureAwait(false);
        // Of a larger generation, pages take also that nothing is there any more.
        var generation = Convert.ToInt64(
            await connection.ScalarAsync(
                "select coalesce(max(generation), 0) from pulse_bucket where version = @before", cancellationToken, ("before", rebuilt.Version)).ConfigureAwait(false),
            CultureInfo.InvariantCulture);
        foreach (var table in (string[])["pulse_bucket", "pulse_gap", "pulse_cut"])
            await ExecuteAsync(
                connection, $"delete from {table} where version = @before", cancellationToken, ("before", rebuilt.Version))
                .ConfigureAwait(false);
        await _schema.AddBucketsAsync(connection, version, rebuilt.Rollup.Buckets, cancellationToken, generation + 1).ConfigureAwait(false);
        foreach (var statement in Emptying(rebuilt))
            await ExecuteAsync(connection, statement, cancellationToken).ConfigureAwait(false);
    }

    // Other dimensions are other columns. Where they stay, so does the table: others may have been granted to read it.
    private IEnumerable<string> Emptying(RebuiltRollup rebuilt)
    {
        var table = new ResultTable(rebuilt.Rollup, _dialect);
        return rebuilt.Changes.Any(change => change.StartsWith(VersionDeclaration.Dimensions, StringComparison.Ordinal))
            ? table.Creation().Prepend($"drop table {table.Name}")
            : [$"delete from {table.Name}"];
    }

    private static async Task ExecuteAsync(
        DbConnection connection, string sql, CancellationToken cancellationToken, params (string, object)[] parameters)
    {
        var command = connection.Command(sql, parameters);
        await using var disposing = command.ConfigureAwait(false);
        command.CommandTimeout = (int)Patience.TotalSeconds;
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
