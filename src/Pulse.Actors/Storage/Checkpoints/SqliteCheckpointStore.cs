using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// Checkpoints in a file of SQLite. Whoever writes to it keeps all others out, in this process or another: a file is for one
/// node. Its driver does its work before it returns, so each call runs on a thread of the pool.
/// </summary>
internal sealed class SqliteCheckpointStore : ICheckpointStore
{
    private const string Named = "(version, bucket) in (select value ->> 0, value ->> 1 from json_each(@buckets))";

    private const string TakeOver =
        "update pulse_bucket set checkpoint = randomblob(16), "
        + $"generation = max(generation + 1, cast(unixepoch('subsec') * 1000 as integer)) where {Named} returning {BucketRows.Columns}";

    private const string ReadCheckpoints = $"select version, bucket, checkpoint from pulse_bucket where {Named}";

    private readonly StorageAddress _address;
    private readonly StorageFaults _faults;
    private readonly CheckpointSchema _schema;
    private (RollupVersions Versions, Dictionary<RollupVersion, SqliteStatement> Statements)? _prepared;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="address">The file.</param>
    /// <param name="catalog">The rollups; the ledger of dead letters is added to them.</param>
    public SqliteCheckpointStore(StorageAddress address, RollupCatalog catalog)
    {
        _address = address;
        _faults = new StorageFaults(address.Description);
        _schema = new CheckpointSchema(address, StorageKind.Sqlite, catalog);
    }

    /// <inheritdoc />
    public string Description => _address.Description;

    private (RollupVersions Versions, Dictionary<RollupVersion, SqliteStatement> Statements) Prepared =>
        _prepared ?? throw new InvalidOperationException("The store is not prepared.");

    /// <inheritdoc />
    public async Task PrepareAsync(TimeSpan windowLength, CancellationToken cancellationToken)
    {
        _address.CreateDirectory();
        var versions = await RunAsync(
            async connection =>
            {
                // Kept in the file itself; readers and the one writer then do not block each other.
                await connection.ExecuteAsync("pragma journal_mode = wal", cancellationToken).ConfigureAwait(false);
                await using var transaction = connection.BeginTransaction(deferred: false);
                var versions = await _schema.PrepareAsync(connection, windowLength, cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return versions;
            },
            cancellationToken).ConfigureAwait(false);
        _prepared = (versions, versions.All.ToDictionary(version => version, version => new SqliteStatement(version)));
    }

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<BucketId, BucketRow>> TakeOverAsync(
        IReadOnlyCollection<BucketId> buckets, CancellationToken cancellationToken) =>
        RunAsync(TakeOver, buckets, BucketRows.ReadAsync, cancellationToken);

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
    public Task<StorageSnapshot> ReadSnapshotAsync(CancellationToken cancellationToken) =>
        StorageSnapshot.OpenAsync(new SqliteConnection(_address.ConnectionString), Prepared.Versions, _faults, cancellationToken);

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        using var connection = new SqliteConnection(_address.ConnectionString);
        SqliteConnection.ClearPool(connection);
        return ValueTask.CompletedTask;
    }

    // Nothing is awaited from the lock to the commit.
    private List<StatementOutcome> Store(
        IReadOnlyList<PreparedStatement> statements, Window? reportedFrom, CancellationToken cancellationToken)
    {
        var outcomes = new List<StatementOutcome>(statements.Count);
        try
        {
            using var connection = Open();
            foreach (var statement in statements)
            {
                cancellationToken.ThrowIfCancellationRequested();
                outcomes.Add(Prepared.Statements[statement.Version].Store(connection, statement, reportedFrom));
            }
        }
        catch (Exception exception) when (_faults.TryTranslate(exception, cancellationToken, out var fault))
        {
            while (outcomes.Count < statements.Count)
                outcomes.Add(StatementOutcome.Unknown(fault));
        }

        return outcomes;
    }

    private Task<T> RunAsync<T>(
        string sql,
        IReadOnlyCollection<BucketId> buckets,
        Func<DbCommand, RollupVersions, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken)
    {
        var versions = Prepared.Versions;
        var named = JsonSerializer.Serialize(buckets.Select(bucket => (int[])[versions.Of(bucket).Number, bucket.Number]));
        return RunAsync(
            async connection =>
            {
                await using var command = connection.Command(sql, ("buckets", named));
                return await read(command, versions, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);
    }

    private async Task<T> RunAsync<T>(Func<SqliteConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(
                async () =>
                {
                    await using var connection = Open();
                    return await work(connection).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (_faults.TryTranslate(exception, cancellationToken, out var fault))
        {
            throw fault;
        }
    }

    // SQLite waits for a lock from a millisecond up; the driver alone would look every 150 ms.
    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_address.ConnectionString);
        try
        {
            connection.Open();
            using var command = connection.Command(
                string.Create(CultureInfo.InvariantCulture, $"pragma busy_timeout = {connection.DefaultTimeout * 1000}"));
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
