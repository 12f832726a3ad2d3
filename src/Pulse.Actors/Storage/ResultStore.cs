using System.Data.Common;
using System.Runtime.CompilerServices;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Storage;

/// <summary>
/// Reads the result tables and the buckets' counters, for pages, the API and metrics. Two questions may see two states of
/// the database: what has to fit together is read in a <see cref="StorageSnapshot"/>. Thread-safe. Everything throws
/// <see cref="StorageException"/> where the database can't do it.
/// </summary>
public sealed class ResultStore
{
    private readonly IStorageSessions _sessions;
    private readonly Dictionary<Rollup, ResultTable> _tables;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="sessions">The connections.</param>
    /// <param name="catalog">The rollups; the ledger of dead letters is added to them.</param>
    internal ResultStore(IStorageSessions sessions, RollupCatalog catalog)
    {
        _sessions = sessions;
        _tables = catalog.Counted.ToDictionary(rollup => rollup, rollup => new ResultTable(rollup, SqlDialect.For(sessions.Kind)));
    }

    /// <summary>For people: the kind of database and its place, without any secret.</summary>
    public string Description => _sessions.Address.Description;

    /// <summary>
    /// The UTC dates of a rollup's window ends, ascending. A row belongs to the date of its window's end and to no
    /// other: the window that ends at midnight belongs to the date that begins then.
    /// </summary>
    public Task<IReadOnlyList<DateOnly>> DatesAsync(Rollup rollup, CancellationToken cancellationToken)
    {
        var table = Table(rollup);
        return _sessions.RunAsync(table.ReadDatesAsync, cancellationToken);
    }

    /// <summary>
    /// Streams the rows whose window ends on a date, ordered by window end, then dimensions. One row at a time is in
    /// memory; a connection is held until the stream is read or disposed.
    /// </summary>
    public IAsyncEnumerable<KeyCount> ReadAsync(Rollup rollup, DateOnly date, CancellationToken cancellationToken)
    {
        var (from, before) = ResultTable.WindowsEndingOn(date);
        return ReadRangeAsync(rollup, from, before, cancellationToken);
    }

    /// <summary>
    /// Streams the rows whose window ends at or after <paramref name="from"/> and before <paramref name="before"/>,
    /// ordered by window end, then dimensions. One row at a time is in memory; a connection is held until the stream is
    /// read or disposed.
    /// </summary>
    public async IAsyncEnumerable<KeyCount> ReadRangeAsync(
        Rollup rollup,
        Window from,
        Window before,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var table = Table(rollup);
        await using var connection = _sessions.Create();
        await _sessions.Faults.GuardAsync(() => OpenAsync(connection, cancellationToken), cancellationToken).ConfigureAwait(false);
        await foreach (var row in table.ReadAsync(connection, from, before, _sessions.Faults, cancellationToken).ConfigureAwait(false))
            yield return row;
    }

    /// <summary>The newest windows that the rollup's table holds, newest first.</summary>
    /// <param name="rollup">The rollup.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public Task<IReadOnlyList<Window>> NewestWindowsAsync(
        Rollup rollup, int limit, CancellationToken cancellationToken) =>
        ReadListAsync(
            Table(rollup).NewestWindowEnds(), row => Window.EndingAt(row.GetDateTime(0)), cancellationToken, ("limit", limit));

    /// <summary>The generations of a rollup's buckets, by their numbers; see <see cref="BucketRow"/>.</summary>
    public async Task<IReadOnlyDictionary<int, long>> GenerationsAsync(Rollup rollup, CancellationToken cancellationToken)
    {
        var generations = await ReadListAsync(
            "select bucket, generation from pulse_bucket join pulse_version using (version) where rollup = @rollup",
            row => KeyValuePair.Create(row.GetInt32(0), row.GetInt64(1)),
            cancellationToken,
            ("rollup", rollup.Name)).ConfigureAwait(false);
        return generations.ToDictionary();
    }

    /// <summary>For every rollup that has any, how many events were late, as stored.</summary>
    public async Task<IReadOnlyDictionary<string, long>> LateAsync(CancellationToken cancellationToken)
    {
        var late = await ReadListAsync(
            "select rollup, cast(sum(late) as bigint) from pulse_bucket join pulse_version using (version) "
            + "group by rollup having sum(late) > 0",
            row => KeyValuePair.Create(row.GetString(0), row.GetInt64(1)),
            cancellationToken).ConfigureAwait(false);
        return late.ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>What became of the records that a rollup's buckets have handled, as stored.</summary>
    public async Task<Balance> TotalsAsync(Rollup rollup, CancellationToken cancellationToken)
    {
        var sums = string.Join(", ", ((string[])["counted", "late", "dead", "filtered", "consumed"])
            .Select(counter => $"cast(coalesce(sum({counter}), 0) as bigint)"));
        var totals = await ReadListAsync(
            $"select {sums} from pulse_bucket join pulse_version using (version) where rollup = @rollup",
            row => new Balance(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)),
            cancellationToken,
            ("rollup", rollup.Name)).ConfigureAwait(false);
        return totals.Single();
    }

    private Task<IReadOnlyList<T>> ReadListAsync<T>(
        string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken, params (string, object)[] parameters) =>
        _sessions.RunAsync<IReadOnlyList<T>>(
            async (connection, token) =>
            {
                await using var command = connection.Command(sql, parameters);
                return await command.ReadAllAsync(read, token).ConfigureAwait(false);
            },
            cancellationToken);

    private static async Task<bool> OpenAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private ResultTable Table(Rollup rollup) => _tables.TryGetValue(rollup, out var table)
        ? table
        : throw new ArgumentException($"{rollup} is not in this store's catalogue.", nameof(rollup));
}
