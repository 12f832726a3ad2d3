using Npgsql;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>Checkpoints on PostgreSQL.</summary>
internal sealed class PostgresCheckpointStore : ICheckpointStore
{
    // Rows are locked in one order, so that two takeovers wait for each other and never both ways.
    private const string TakeOver =
        $"""
        with wanted (its_version, its_bucket) as (
          select version, bucket from pulse_bucket join unnest($1, $2) as named (version, bucket) using (version, bucket)
          order by version, bucket for update of pulse_bucket)
        update pulse_bucket set checkpoint = gen_random_uuid(),
          generation = greatest(generation + 1, (extract(epoch from clock_timestamp()) * 1000)::bigint)
        from wanted where version = its_version and bucket = its_bucket
        returning {BucketRows.Columns}
        """;

    private const string ReadCheckpoints =
        "select version, bucket, checkpoint from pulse_bucket join unnest($1, $2) as named (version, bucket) using (version, bucket)";

    private readonly PostgresSessions _sessions;
    private readonly CheckpointSchema _schema;
    private Preparation? _prepared;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="sessions">The connections, closed with the store.</param>
    /// <param name="catalog">The rollups; the ledger of dead letters is added to them.</param>
    public PostgresCheckpointStore(PostgresSessions sessions, RollupCatalog catalog)
    {
        _sessions = sessions;
        _schema = new CheckpointSchema(sessions.Address, StorageKind.Postgres, catalog);
    }

    /// <inheritdoc />
    public string Description => _sessions.Address.Description;

    private Preparation Prepared =>
        _prepared ?? throw new InvalidOperationException("The store is not prepared.");

    /// <inheritdoc />
    public async Task PrepareAsync(CountingRules rules, CancellationToken cancellationToken) =>
        Use(rules, await _sessions.RunAloneAsync(
            (connection, token) => _schema.PrepareAsync(connection, rules, token),
            StorageAddress.CommandTimeout,
            cancellationToken).ConfigureAwait(false));

    /// <inheritdoc />
    public async Task OpenAsync(CountingRules rules, CancellationToken cancellationToken) =>
        Use(rules, await _sessions.RunAsync(
            (connection, token) => _schema.OpenAsync(connection, rules, token), cancellationToken)
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
        var (_, versions, batch) = Prepared;
        return batch.StoreAsync(PreparedStatement.Prepare(statements, versions), reportedFrom, cancellationToken);
    }

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<BucketId, CheckpointId>> ReadCheckpointsAsync(
        IReadOnlyCollection<BucketId> buckets, CancellationToken cancellationToken) =>
        RunAsync(ReadCheckpoints, buckets, BucketRows.ReadCheckpointsAsync, cancellationToken);

    /// <inheritdoc />
    public Task<StoredProgress> ReadProgressAsync(string stream, CancellationToken cancellationToken) => _sessions.RunAsync(
        (connection, token) => BucketRows.ReadProgressAsync(connection, Prepared.Versions, stream, token), cancellationToken);

    /// <inheritdoc />
    public Task<StorageSnapshot> ReadSnapshotAsync(CancellationToken cancellationToken) => StorageSnapshot.OpenAsync(
        _sessions.Create(), Prepared.Versions, _sessions.Faults, cancellationToken);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _sessions.DisposeAsync();

    private void Use(CountingRules rules, RollupVersions versions) =>
        _prepared = new Preparation(rules, versions, new PostgresBatch(_sessions, versions));

    private Task<T> RunAsync<T>(
        string sql,
        IReadOnlyCollection<BucketId> buckets,
        Func<NpgsqlCommand, RollupVersions, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken)
    {
        var versions = Prepared.Versions;
        var numbers = buckets.Select(bucket => versions.Of(bucket).Number).ToArray();
        var rows = buckets.Select(bucket => bucket.Number).ToArray();
        return _sessions.RunAsync(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand(sql, connection);
                command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = numbers });
                command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = rows });
                return await read(command, versions, token).ConfigureAwait(false);
            },
            cancellationToken);
    }

    /// <summary>What was prepared, all of it at once: it is prepared anew where a rollup was rebuilt meanwhile.</summary>
    private sealed record Preparation(CountingRules Rules, RollupVersions Versions, PostgresBatch Batch);
}
