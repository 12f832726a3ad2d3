using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Npgsql;
using Pulse.Verification.Declarations;
using Pulse.Verification.Log;

namespace Pulse.Verification.Storage;

/// <summary>One consistent state of the database, however much is stored meanwhile. For one reader at a time.</summary>
internal sealed partial class DatabaseSnapshot : IAsyncDisposable
{
    private const long NoTime = -1;
    private const string InstantFormat = "yyyy-MM-dd HH:mm:ss";
    private const int SecondsPerAnswer = 60;

    private readonly DatabaseAddress _address;
    private readonly DbConnection _connection;
    private DbTransaction? _transaction;

    private DatabaseSnapshot(DatabaseAddress address)
    {
        _address = address;
        _connection = address.IsPostgres
            ? new NpgsqlConnection(new NpgsqlConnectionStringBuilder(address.ConnectionString)
            {
                Pooling = false, CommandTimeout = SecondsPerAnswer, ApplicationName = "pulse verify",
            }.ConnectionString)
            : new SqliteConnection(new SqliteConnectionStringBuilder(address.ConnectionString)
            {
                Pooling = false, Mode = SqliteOpenMode.ReadOnly,
            }.ConnectionString);
    }

    /// <summary>Takes the snapshot.</summary>
    /// <exception cref="VerificationException">The database is out of reach.</exception>
    public static async Task<DatabaseSnapshot> TakeAsync(DatabaseAddress address, CancellationToken stop)
    {
        var snapshot = new DatabaseSnapshot(address);
        try
        {
            await snapshot._connection.OpenAsync(stop).ConfigureAwait(false);
            // Every other transaction of SQLite's driver waits for the right to write.
            snapshot._transaction = snapshot._connection is SqliteConnection file
                ? file.BeginTransaction(deferred: true)
                : await snapshot._connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, stop).ConfigureAwait(false);
            return snapshot;
        }
        catch (DbException exception)
        {
            await snapshot.DisposeAsync().ConfigureAwait(false);
            throw snapshot.Translated(exception);
        }
    }

    /// <summary>Reads the versions of a rollup, or of all.</summary>
    /// <exception cref="VerificationException">The database is out of reach, or not understood.</exception>
    public async Task<IReadOnlyList<StoredVersion>> ReadVersionsAsync(string? rollup, CancellationToken stop)
    {
        var buckets = await ReadBucketsAsync(stop).ConfigureAwait(false);
        var versions = new List<StoredVersion>();
        var names = new List<string>();
        await foreach (var row in QueryAsync("select version, rollup, table_name, digest, declaration, base from pulse_version order by version", stop)
            .ConfigureAwait(false))
        {
            names.Add(row.GetString(1));
            if (rollup is null || rollup.Equals(row.GetString(1), StringComparison.OrdinalIgnoreCase))
                versions.Add(VersionOf(row, buckets[row.GetInt32(0)]));
        }

        return versions.Count > 0 ? versions : throw new VerificationException(
            names.Count == 0
                ? $"{_address.Description}: no rollup is counted in it."
                : $"{_address.Description}: there is no rollup '{rollup}' in it; it has {string.Join(", ", names)}.",
            isMistake: true);
    }

    /// <summary>Streams the rows of a version's table; one at a time is in memory.</summary>
    /// <exception cref="VerificationException">The database is out of reach, or not understood.</exception>
    public async IAsyncEnumerable<StoredRow> ReadRowsAsync(StoredVersion version, [EnumeratorCancellation] CancellationToken stop)
    {
        var columns = version.Declaration.Dimensions.Select(dimension => dimension.Column).ToList();
        await foreach (var row in QueryAsync(
            $"select {string.Join(", ", columns)}, window_end_utctime, view_count from {version.Table}", stop).ConfigureAwait(false))
        {
            yield return RowOf(row, columns.Count);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_transaction is not null)
            await _transaction.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<ILookup<int, StoredBucket>> ReadBucketsAsync(CancellationToken stop)
    {
        var gaps = new List<(int Version, int Bucket, StoredGap Gap)>();
        await foreach (var row in QueryAsync("select version, bucket, stream, partition, from_offset, to_offset, kind from pulse_gap", stop)
            .ConfigureAwait(false))
            gaps.Add((row.GetInt32(0), row.GetInt32(1), new StoredGap(
                row.GetString(2), row.GetInt32(3), new OffsetRange(row.GetInt64(4), row.GetInt64(5)), IsCut(row.GetString(6)))));
        var byBucket = gaps.ToLookup(gap => (gap.Version, gap.Bucket), gap => gap.Gap);
        // Cuts about which nobody has decided yet.
        var found = new List<(int Version, FoundCut Cut)>();
        await foreach (var row in QueryAsync("select version, stream, partition, coalesce(from_offset, 0) from pulse_cut", stop)
            .ConfigureAwait(false))
            found.Add((row.GetInt32(0), new FoundCut(row.GetString(1), row.GetInt32(2), row.GetInt64(3))));
        var undecided = found.ToLookup(cut => cut.Version, cut => cut.Cut);

        var buckets = new List<(int Version, StoredBucket Bucket)>();
        await foreach (var row in QueryAsync(
            "select version, bucket, positions, counted, late, dead, filtered, consumed from pulse_bucket order by version, bucket", stop)
            .ConfigureAwait(false))
        {
            var (version, number) = (row.GetInt32(0), row.GetInt32(1));
            var positions = Understood($"the positions of bucket {number} of version {version}", () => StoredPositions.Parse(row.GetString(2)));
            buckets.Add((version, new StoredBucket(
                number,
                positions.Below([.. undecided[version]]),
                new StoredCounters
                {
                    Counted = row.GetInt64(3), Late = row.GetInt64(4), Dead = row.GetInt64(5), Filtered = row.GetInt64(6), Consumed = row.GetInt64(7),
                },
                [.. byBucket[(version, number)], .. undecided[version].Select(cut => cut.GapOf(positions)).Where(gap => gap.Offsets.Count > 0)])));
        }

        return buckets.ToLookup(each => each.Version, each => each.Bucket);
    }

    private bool IsCut(string kind) => kind switch
    {
        "cut" => true,
        "retention" => false,
        _ => throw NotUnderstood($"a gap of the kind '{kind}'"),
    };

    private StoredVersion VersionOf(DbDataReader row, IEnumerable<StoredBucket> stored)
    {
        var rollup = row.GetString(1);
        var table = row.GetString(2);
        var declaration = Understood($"rollup '{rollup}'", () => DeclarationText.Parse(row.GetString(4), row.GetString(3)));
        var buckets = stored.ToList();
        if (declaration.Rollup != rollup || !table.Equals(rollup + "Aggregation", StringComparison.OrdinalIgnoreCase) || !Identifier().IsMatch(table) || !buckets.Select(bucket => bucket.Number).SequenceEqual(Enumerable.Range(0, declaration.Buckets)))
            throw NotUnderstood($"rollup '{rollup}' in table '{table}' has {buckets.Count} rows in pulse_bucket and is declared as '{row.GetString(4)}'");
        return new StoredVersion(
            row.GetInt32(0),
            table,
            declaration,
            Understood($"the base of rollup '{rollup}'", () => StoredPositions.Parse(row.GetString(5))),
            buckets);
    }

    private T Understood<T>(string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FormatException exception)
        {
            throw NotUnderstood($"{what}: {exception.Message}");
        }
    }

    private async IAsyncEnumerable<DbDataReader> QueryAsync(string sql, [EnumeratorCancellation] CancellationToken stop)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = _transaction;
        // An iterator can't yield inside try/catch, so each step is guarded by itself.
        await using var reader = await GuardedAsync(() => command.ExecuteReaderAsync(stop)).ConfigureAwait(false);
        while (await GuardedAsync(() => reader.ReadAsync(stop)).ConfigureAwait(false))
            yield return reader;
    }

    private async Task<T> GuardedAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is DbException or IOException or TimeoutException)
        {
            throw Translated(exception);
        }
    }

    private VerificationException Translated(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn } missing =>
            NotUnderstood($"it is not what a node makes of it ({missing.MessageText})"),
        SqliteException { SqliteErrorCode: 1 } => NotUnderstood($"it is not what a node makes of it ({exception.Message})"),
        _ => new VerificationException(
            $"{_address.Description}: it does not answer ({exception.GetBaseException().Message.ReplaceLineEndings(" ")}).", isMistake: false, exception),
    };

    private VerificationException NotUnderstood(string why) => new(
        $"{_address.Description}: {why.TrimEnd('.')}. Verify with the version of Pulse that counts in it, once a node of that version has used it.",
        isMistake: true);

    // SQLite keeps anything in any column, and PostgreSQL knows times that no other program does.
    private static StoredRow RowOf(DbDataReader row, int dimensions)
    {
        string? problem = null;
        var values = new string[dimensions];
        for (var index = 0; index < dimensions; index++)
        {
            if (row.GetValue(index) is string value)
                values[index] = value;
            else
                (values[index], problem) = (Text(row.GetValue(index)), $"its {row.GetName(index)} is no text");
        }

        var ticks = TicksOf(row, dimensions);
        if (ticks == NoTime)
            problem = $"its {row.GetName(dimensions)} is no time that a window can end at";
        if (row.GetValue(dimensions + 1) is long and > 0 and var count)
            return new StoredRow(values, ticks, count, problem);
        return new StoredRow(values, ticks, 0, $"its {row.GetName(dimensions + 1)} is {Text(row.GetValue(dimensions + 1))}");
    }

    private static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static long TicksOf(DbDataReader row, int column)
    {
        try
        {
            return row.GetValue(column) switch
            {
                DateTime time => (time - DateTime.UnixEpoch).Ticks,
                string text when DateTime.TryParseExact(text, InstantFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var read) =>
                    (read - DateTime.UnixEpoch).Ticks,
                _ => NoTime,
            };
        }
        catch (InvalidCastException)
        {
            return NoTime;
        }
    }

    // A table's name goes into SQL as it stands.
    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]{0,62}\z")]
    private static partial Regex Identifier();
}
