using System.Data.Common;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// Checkpoints in a file of SQLite. Whoever writes to it keeps all others out, in this process or another: a file is for one
/// node.
/// </summary>
internal sealed class SqliteCheckpointStore : ICheckpointStore
{
    private const string Named = "(version, bucket) in (select value ->> 0, value ->> 1 from json_each(@buckets))";

    private const string TakeOver =
        "update pulse_bucket set checkpoint = randomblob(16), "
        + $"generation = max(generation + 1, cast(unixepoch('subsec') * 1000 as integer)) where {Named} returning {BucketRows.Columns}";

    private const string ReadCheckpoints = $"select version, bucket, checkpoint from pulse_bucket where {Named}";

    private readonly SqliteSessions _sessions;
    private readonly CheckpointSchema _schema;
    private Preparation? _prepared;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="sessions">The connections, closed with the store.</param>
    /// <param name="catalog">The rollups; the ledger of dead letters is added to them.</param>
    public SqliteCheckpointStore(SqliteSessions sessions, RollupCatalog catalog)
    {
        _sessions = sessions;
        _schema = new CheckpointSchema(sessions.Address, StorageKind.Sqlite, catalog);
    }

    /// <inheritdoc />
    public string Description => _sessions.Address.Description;

    private Preparation Prepared =>
        _prepared ?? throw new InvalidOperationException("The store is not prepared.");

    /// <inheritdoc />
    public async Task PrepareAsync(CountingRules rules, CancellationToken cancellationToken)
    {
        _sessions.Address.CreateDirectory();
        // Kept in the file itself; readers and the one writer then do not block each other.
        await _sessions.RunAsync(
            connection => connection.ScalarAsync("pragma journal_mode = wal", cancellationToken), cancellationToken).ConfigureAwait(false);
        Use(rules, await _sessions.RunAloneAsync(
            (connection, token) => _schema.PrepareAsync(connection, rules, token),
            StorageAddress.CommandTimeout,
            cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc />
    public async Task OpenAsync(CountingRules rules, CancellationToken cancellationToken) =>
        Use(rules, await _sessions.RunAsync(
            connection => _schema.OpenAsync(connection, rules, cancellationToken), cancellationToken)
            .ConfigureAwait(false));

    /// <inheritdoc />
    public async Task<IReadOnlyDictionary<BucketId, BucketRow>> TakeOverAsync(
        IReadOnlyCollection<BucketId> buckets, CancellationToken cancellationToken)
    {
        var rows = await RunAsync(TakeOver, buckets, BucketRows.ReadAsync, cancellationToken).ConfigureAwait(false);
        if (rows.Count == buckets.Count)
            return rows;
        // A rollup that was rebuilt meanwhile may be another version, with other rows.
        await OpenAsync(Prepared.Rules, cancellationToken).ConfigureAwait(false);
        return await RunAsync(TakeOver, buckets, BucketRows.ReadAsync, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<StatementOutcome>> StoreAsync(
        IReadOnlyList<CheckpointStatement> statements, Window? reportedFrom, CancellationToken cancellationToken)
    {
        var prepared = PreparedStatement.Prepare(statements, Prepared.Versions);
        return Task.Run<IReadOnlyList<StatementOutcome>>(() => Store(prepared, reportedFrom, cancellationToken), cancellationToken);
    }

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<BucketId, CheckpointId>> ReadCheckpointsAsync(
        IReadOnlyCollection<BucketId> buckets, CancellationToken cancellationToken) =>
        RunAsync(ReadCheckpoints, buckets, BucketRows.ReadCheckpointsAsync, cancellationToken);

    /// <inheritdoc />
    public Task<StoredProgress> ReadProgressAsync(string stream, CancellationToken cancellationToken) => _sessions.RunAsync(
        connection => BucketRows.ReadProgressAsync(connection, Prepared.Versions, stream, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public Task<StorageSnapshot> ReadSnapshotAsync(CancellationToken cancellationToken) =>
        StorageSnapshot.OpenAsync(_sessions.Create(), Prepared.Versions, _sessions.Faults, cancellationToken);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _sessions.DisposeAsync();

    private void Use(CountingRules rules, RollupVersions versions) =>
        _prepared = new Preparation(rules, versions, versions.All.ToDictionary(version => version, version => new SqliteStatement(version)));

    // Nothing is awaited from the lock to the commit.
    private List<StatementOutcome> Store(
        IReadOnlyList<PreparedStatement> statements, Window? reportedFrom, CancellationToken cancellationToken)
    {
        var outcomes = new List<StatementOutcome>(statements.Count);
        try
        {
            using var connection = _sessions.Open();
            foreach (var statement in statements)
            {
                cancellationToken.ThrowIfCancellationRequested();
                outcomes.Add(Store(connection, statement, reportedFrom));
            }
        }
        catch (Exception exception) when (_sessions.Faults.TryTranslate(exception, cancellationToken, out var fault))
        {
            while (outcomes.Count < statements.Count)
                outcomes.Add(StatementOutcome.Unknown(fault));
        }

        return outcomes;
    }

    private StatementOutcome Store(SqliteConnection connection, PreparedStatement statement, Window? reportedFrom)
    {
        try
        {
            return Prepared.Statements[statement.Version].Store(connection, statement, reportedFrom);
        }
        catch (SqliteException exception) when (
            StorageFaults.IsRefusal(exception) && _sessions.Faults.TryTranslate(exception, CancellationToken.None, out var fault))
        {
            return StatementOutcome.Refused(fault);
        }
    }

    private Task<T> RunAsync<T>(
        string sql,
        IReadOnlyCollection<BucketId> buckets,
        Func<DbCommand, RollupVersions, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken)
    {
        var versions = Prepared.Versions;
        var named = JsonSerializer.Serialize(buckets.Select(bucket => (int[])[versions.Of(bucket).Number, bucket.Number]));
        return _sessions.RunAsync(
            async connection =>
            {
                await using var command = connection.Command(sql, ("buckets", named));
                return await read(command, versions, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);
    }

    /// <summary>What was prepared, all of it at once: it is prepared anew where a rollup was rebuilt meanwhile.</summary>
    private sealed record Preparation(CountingRules Rules, RollupVersions Versions, Dictionary<RollupVersion, SqliteStatement> Statements);
}
