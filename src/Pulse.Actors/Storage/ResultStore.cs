using System.Globalization;
using LinqToDB.Data;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Storage;

/// <summary>
/// The result tables, on SQLite and PostgreSQL through the same statements. Counts only grow: an upsert keeps the
/// larger of the stored and the given count, so that a repeated, late or stale write can never take a count back.
/// Thread-safe. Everything throws <see cref="StorageException"/> where the database can't do it.
/// </summary>
public sealed class ResultStore
{
    // Any number that no other program is likely to use for an advisory lock of its own: "pulse" in ASCII.
    internal const long CreationLock = 0x70_75_6C_73_65;

    private readonly Database _database;
    private readonly LateEvents _lateEvents;
    private readonly CheckpointFence _fence;
    private readonly Declarations _declarations;
    private readonly Dictionary<Rollup, ResultTable> _tables;

    /// <summary>Opens nothing yet; connections are taken per call from the driver's pool.</summary>
    /// <param name="options">The database.</param>
    /// <param name="catalog">The rollups; the ledger of dead letters is added to them.</param>
    /// <exception cref="StorageException">The connection string can't be understood.</exception>
    public ResultStore(StorageOptions options, RollupCatalog catalog)
    {
        _database = new Database(options);
        _lateEvents = new LateEvents(_database.Dialect);
        _fence = new CheckpointFence(_database.Dialect);
        _declarations = new Declarations(_database.Dialect);
        _tables = catalog.Rollups.Append(DeadLetters.Rollup)
            .ToDictionary(rollup => rollup, rollup => new ResultTable(rollup, _database.Dialect));
    }

    /// <summary>For people: the kind of database and its place, without any secret.</summary>
    public string Description => _database.Address.Description;

    /// <summary>
    /// Makes the tables that are absent, those of checkpoints included, and checks that every rollup, and the window length, are declared as they were
    /// when they were first counted here. Any number of nodes may do so at once.
    /// </summary>
    /// <exception cref="StorageException">Unreachable, or declared otherwise before; the message says what to do.</exception>
    public async Task PrepareAsync(TimeSpan windowLength, CancellationToken cancellationToken)
    {
        if (_database.Dialect.Kind == StorageKind.Sqlite)
            await PrepareFileAsync(cancellationToken).ConfigureAwait(false);

        await _database.RunInTransactionAsync(
            async (connection, token) =>
            {
                if (_database.Dialect.Kind == StorageKind.Postgres)
                    await connection.ExecuteAsync(
                        string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_xact_lock({CreationLock})"), token)
                        .ConfigureAwait(false);
                foreach (var statement in Creation())
                    await connection.ExecuteAsync(statement, token).ConfigureAwait(false);

                var mistakes = await _declarations
                    .RecordAsync(connection, _tables.Keys, windowLength, token).ConfigureAwait(false);
                if (mistakes.Count > 0)
                    throw new StorageException($"{Description}: {string.Join("; ", mistakes)}.");
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Writes absolute counts, in one transaction for all rollups. Where the same key and window, or the same bucket's
    /// late count, comes more than once, the largest counts.
    /// </summary>
    /// <returns>The results of which nothing was written, because their checkpoint is not the newest one.</returns>
    /// <exception cref="StorageException">Nothing was written, or it is unknown whether it was; repeat it.</exception>
    public async Task<IReadOnlyList<BucketResults>> UpsertAsync(
        IReadOnlyList<BucketResults> results, CancellationToken cancellationToken)
    {
        IReadOnlyList<BucketResults> overtaken = [];
        if (results.Count == 0)
            return overtaken;

        await _database.RunInTransactionAsync(
            async (connection, token) =>
            {
                overtaken = await _fence.OvertakenAsync(connection, results, token).ConfigureAwait(false);
                await WriteAsync(connection, [.. results.Except(overtaken)], token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        return overtaken;
    }

    private async Task WriteAsync(
        DataConnection connection, IReadOnlyList<BucketResults> results, CancellationToken cancellationToken)
    {
        var tables = results
            .GroupBy(bucket => bucket.Rollup)
            .Select(group => (Table: Table(group.Key), Rows: group.SelectMany(bucket => bucket.Rows).ToList()))
            .OrderBy(group => group.Table.Rollup.Name, StringComparer.Ordinal)
            .ToList();

        foreach (var (table, rows) in tables)
            await table.UpsertAsync(connection, rows, cancellationToken).ConfigureAwait(false);
        await _lateEvents.UpsertAsync(connection, results, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The UTC dates of a rollup's window ends, ascending. A row belongs to the date of its window's end and to no
    /// other: the window that ends at midnight belongs to the date that begins then.
    /// </summary>
    public Task<IReadOnlyList<DateOnly>> DatesAsync(Rollup rollup, CancellationToken cancellationToken)
    {
        var statement = Table(rollup).FirstWindowEnd();
        return _database.RunAsync<IReadOnlyList<DateOnly>>(
            async (connection, token) =>
            {
                var dates = new List<DateOnly>();
                var after = DateTime.UnixEpoch;
                while (await connection
                    .ExecuteAsync<DateTime?>(statement, token, _database.Dialect.Instant("after", after))
                    .ConfigureAwait(false) is { } windowEnd)
                {
                    dates.Add(DateOnly.FromDateTime(windowEnd));
                    after = windowEnd.Date.AddDays(1);
                }

                return dates;
            },
            cancellationToken);
    }

    /// <summary>
    /// Streams the rows whose window ends on a date, ordered by window end, then dimensions. One row at a time is in
    /// memory; a connection is held until the stream is read or disposed.
    /// </summary>
    public IAsyncEnumerable<KeyCount> ReadAsync(Rollup rollup, DateOnly date, CancellationToken cancellationToken)
    {
        var midnight = Window.EndingAt(date.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc));
        return ReadRangeAsync(rollup, midnight, new Window(midnight.EndUnixSeconds + (24 * 60 * 60)), cancellationToken);
    }

    /// <summary>
    /// Streams the rows whose window ends at or after <paramref name="from"/> and before <paramref name="before"/>,
    /// ordered by window end, then dimensions. One row at a time is in memory; a connection is held until the stream is
    /// read or disposed.
    /// </summary>
    public IAsyncEnumerable<KeyCount> ReadRangeAsync(
        Rollup rollup, Window from, Window before, CancellationToken cancellationToken)
    {
        var table = Table(rollup);
        return _database.StreamAsync(
            table.Rows(),
            [_database.Dialect.Instant("after", from.EndUtc), _database.Dialect.Instant("before", before.EndUtc)],
            table.Read,
            cancellationToken);
    }

    /// <summary>The newest windows that the rollup's table holds, newest first.</summary>
    /// <param name="rollup">The rollup.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public Task<IReadOnlyList<Window>> NewestWindowsAsync(
        Rollup rollup, int limit, CancellationToken cancellationToken)
    {
        var statement = Table(rollup).NewestWindowEnds();
        return _database.RunAsync<IReadOnlyList<Window>>(
            async (connection, token) =>
            {
                var windows = new List<Window>();
                await using var reader = await connection
                    .ExecuteReaderAsync(statement, token, _database.Dialect.Number("limit", limit)).ConfigureAwait(false);
                while (await reader.Reader!.ReadAsync(token).ConfigureAwait(false))
                    windows.Add(Window.EndingAt(reader.Reader.GetDateTime(0)));
                return windows;
            },
            cancellationToken);
    }

    /// <summary>For every rollup that has any, how many events came after their window was sealed, as stored.</summary>
    public Task<IReadOnlyDictionary<string, long>> LateAsync(CancellationToken cancellationToken) =>
        _database.RunAsync<IReadOnlyDictionary<string, long>>(
            async (connection, token) =>
            {
                var late = new Dictionary<string, long>(StringComparer.Ordinal);
                await using var reader = await connection
                    .ExecuteReaderAsync(LateEvents.Totals(), token).ConfigureAwait(false);
                while (await reader.Reader!.ReadAsync(token).ConfigureAwait(false))
                    late[reader.Reader.GetString(0)] = reader.Reader.GetInt64(1);
                return late;
            },
            cancellationToken);

    /// <summary>Sums over a whole rollup: what was counted and what came too late to be counted.</summary>
    public Task<RollupTotals> TotalsAsync(Rollup rollup, CancellationToken cancellationToken)
    {
        var statement = Table(rollup).Totals();
        return _database.RunAsync(
            async (connection, token) =>
            {
                await using var reader = await connection
                    .ExecuteReaderAsync(statement, token, _database.Dialect.Text("rollup", rollup.Name))
                    .ConfigureAwait(false);
                await reader.Reader!.ReadAsync(token).ConfigureAwait(false);
                return new RollupTotals(reader.Reader.GetInt64(0), reader.Reader.GetInt64(1));
            },
            cancellationToken);
    }

    /// <summary>Asks the database for the least thing it can answer.</summary>
    /// <exception cref="StorageException">It does not answer.</exception>
    public Task PingAsync(CancellationToken cancellationToken) =>
        _database.RunAsync((connection, token) => connection.ExecuteAsync<int>("select 1", token), cancellationToken);

    private async Task PrepareFileAsync(CancellationToken cancellationToken)
    {
        _database.Address.CreateDirectory();

        // Kept in the file itself; readers and the one writer then do not block each other.
        await _database.RunAsync(
            (connection, token) => connection.ExecuteAsync<string>("pragma journal_mode = wal", token), cancellationToken)
            .ConfigureAwait(false);
    }

    private IEnumerable<string> Creation() =>
        _tables.Values.SelectMany(table => table.Creation())
            .Append(_lateEvents.Creation())
            .Append(_declarations.Creation())
            .Concat(CheckpointTables.Creation(_database.Dialect.Kind));

    private ResultTable Table(Rollup rollup) => _tables.TryGetValue(rollup, out var table)
        ? table
        : throw new ArgumentException($"{rollup} is not in this store's catalogue.", nameof(rollup));
}
