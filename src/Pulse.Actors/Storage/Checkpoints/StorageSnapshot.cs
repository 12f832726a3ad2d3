using System.Data;
using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Pulse.Actors.Storage.Gaps;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// One consistent state of the database: each bucket's counts in the result tables are those below the positions of its row
/// here, however much is stored meanwhile. For one reader at a time. Everything throws <see cref="StorageException"/> where
/// the database can't do it.
/// </summary>
internal sealed class StorageSnapshot : IAsyncDisposable
{
    private readonly DbConnection _connection;
    private readonly DbTransaction _transaction;
    private readonly RollupVersions _versions;
    private readonly StorageFaults _faults;

    private StorageSnapshot(
        DbConnection connection,
        DbTransaction transaction,
        RollupVersions versions,
        StorageFaults faults,
        IReadOnlyDictionary<BucketId, BucketRow> buckets)
    {
        _connection = connection;
        _transaction = transaction;
        _versions = versions;
        _faults = faults;
        Buckets = buckets;
    }

    /// <summary>The row of each bucket of the store's rollups.</summary>
    public IReadOnlyDictionary<BucketId, BucketRow> Buckets { get; }

    /// <summary>Takes the snapshot.</summary>
    /// <param name="connection">Not open yet; disposed with the snapshot.</param>
    /// <param name="versions">The versions whose buckets and tables are read.</param>
    /// <param name="faults">Translates the driver's exceptions.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<StorageSnapshot> OpenAsync(
        DbConnection connection, RollupVersions versions, StorageFaults faults, CancellationToken cancellationToken)
    {
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            var transaction = await BeginAsync(connection, cancellationToken).ConfigureAwait(false);
            var command = connection.Command($"select {BucketRows.Columns} from pulse_bucket");
            await using var disposing = command.ConfigureAwait(false);
            // The first question takes the snapshot.
            var buckets = await BucketRows.ReadAsync(command, versions, cancellationToken).ConfigureAwait(false);
            return new StorageSnapshot(connection, transaction, versions, faults, buckets);
        }
        catch (Exception exception)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            if (faults.TryTranslate(exception, cancellationToken, out var fault))
                throw fault;
            throw;
        }
    }

    /// <summary>
    /// Streams a rollup's rows whose window ends at or after <paramref name="from"/> and before <paramref name="before"/>,
    /// ordered by window end, then dimensions. One row at a time is in memory.
    /// </summary>
    public IAsyncEnumerable<KeyCount> ReadAsync(
        Rollup rollup, Window from, Window before, CancellationToken cancellationToken) =>
        _versions.Of(rollup).Table.ReadAsync(_connection, from, before, _faults, cancellationToken);

    /// <summary>Streams the rows whose window ends on a date; see <see cref="ResultStore.ReadAsync"/>.</summary>
    public IAsyncEnumerable<KeyCount> ReadAsync(Rollup rollup, DateOnly date, CancellationToken cancellationToken)
    {
        var (from, before) = ResultTable.WindowsEndingOn(date);
        return ReadAsync(rollup, from, before, cancellationToken);
    }

    /// <summary>The UTC dates of a rollup's window ends, ascending; see <see cref="ResultStore.DatesAsync"/>.</summary>
    public Task<IReadOnlyList<DateOnly>> ReadDatesAsync(Rollup rollup, CancellationToken cancellationToken) =>
        _faults.GuardAsync(() => _versions.Of(rollup).Table.ReadDatesAsync(_connection, cancellationToken), cancellationToken);

    /// <summary>
    /// How many offsets are in gaps that some buckets of a rollup have and others have not: the log lost their records when some
    /// had them. Where gaps overlap, it is more than there are.
    /// </summary>
    public Task<long> CountPartialGapsAsync(Rollup rollup, CancellationToken cancellationToken)
    {
        var version = _versions.Of(rollup);
        var sql = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            select cast(coalesce(sum(to_offset - from_offset), 0) as bigint) from (
              select from_offset, to_offset from (
                select distinct bucket, stream, partition, from_offset, to_offset from pulse_gap where version = {version.Number}) as gaps
              group by stream, partition, from_offset, to_offset having count(*) < {version.Buckets}) as partial_gaps
            """);
        return _faults.GuardAsync(
            async () => Convert.ToInt64(
                await _connection.ScalarAsync(sql, cancellationToken).ConfigureAwait(false), CultureInfo.InvariantCulture),
            cancellationToken);
    }

    /// <summary>How many offsets a rollup's buckets have stored as gaps, by partition and kind.</summary>
    public Task<IReadOnlyList<GapSum>> SumGapsAsync(Rollup rollup, CancellationToken cancellationToken)
    {
        var version = _versions.Of(rollup).Number;
        return _faults.GuardAsync(() => GapReader.SumAsync(_connection, version, cancellationToken), cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        // Every other transaction of that driver waits for the right to write.
        if (connection is SqliteConnection file)
            return file.BeginTransaction(deferred: true);

        var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        await connection.ExecuteAsync("set transaction read only", cancellationToken).ConfigureAwait(false);
        return transaction;
    }
}
