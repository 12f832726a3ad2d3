using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Npgsql;
using Pulse.Verification;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>The result tables as any other program reads them: by their names and columns of the contract.</summary>
internal sealed class ResultTables(DatabaseAddress database)
{
    /// <summary>The database that they are in.</summary>
    public DatabaseAddress Database => database;

    public static ResultTables OfSqlite(string dataDirectory) => new(new DatabaseAddress(
        IsPostgres: false, $"Data Source={Path.Combine(dataDirectory, "pulse.db")};Mode=ReadOnly;Pooling=False"));

    public static ResultTables OfPostgres(string connectionString) =>
        new(new DatabaseAddress(IsPostgres: true, connectionString + ";Pooling=false"));

    /// <summary>All rows of the three tables.</summary>
    public async Task<RollupCounts> ReadAsync()
    {
        var counts = new RollupCounts();
        foreach (var (rollup, dimensions) in RollupCounts.Dimensions)
        {
            await QueryAsync(
                $"select {string.Join(", ", dimensions)}, view_count, window_end_utctime from {rollup}Aggregation",
                row => counts.Add(rollup, [row.GetString(0), row.GetString(1)], Instant(row.GetValue(3)), row.GetInt64(2)));
        }

        return counts;
    }

    /// <summary>How many events are counted in each of the three tables.</summary>
    public async Task<long> CountedAsync()
    {
        var counted = 0L;
        await QueryAsync(
            "select cast(coalesce(sum(view_count), 0) as bigint) from viewsByLocationMRAggregation", row => counted = row.GetInt64(0));
        return counted;
    }

    /// <summary>How many events of a rollup were late.</summary>
    public async Task<long> LateAsync(string rollup) => (await BalanceAsync()).Single(each => each.Rollup == rollup).Late;

    /// <summary>Whether a node has created the tables.</summary>
    public async Task<bool> IsPreparedAsync()
    {
        var tables = 0L;
        await QueryAsync(
            "select count(*) from information_schema.tables where table_name = 'pulse_bucket'", row => tables = row.GetInt64(0));
        return tables > 0;
    }

    /// <summary>What became of the records, by rollup, the dead letters among them.</summary>
    public async Task<IReadOnlyList<RollupBalance>> BalanceAsync()
    {
        var balances = new List<RollupBalance>();
        await QueryAsync(
            "select rollup, cast(sum(counted) as bigint), cast(sum(late) as bigint), cast(sum(dead) as bigint), "
            + "cast(sum(filtered) as bigint), cast(sum(consumed) as bigint) "
            + "from pulse_bucket join pulse_version on pulse_version.version = pulse_bucket.version group by rollup",
            row => balances.Add(new RollupBalance(
                row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5))));
        return balances;
    }

    /// <summary>Where all buckets stand.</summary>
    public async Task<DurablePositions> PositionsAsync()
    {
        var buckets = new List<IReadOnlyDictionary<string, long[]>>();
        await QueryAsync("select positions from pulse_bucket", row => buckets.Add(DurablePositions.Parse(row.GetString(0))));
        return new DurablePositions(buckets);
    }

    /// <summary>The offsets that are stored as gaps, by stream and partition; the same of all buckets.</summary>
    public async Task<IReadOnlyList<(string Stream, int Partition, long From, long To)>> GapsAsync()
    {
        var gaps = new List<(string Stream, int Partition, long From, long To)>();
        await QueryAsync(
            "select distinct stream, partition, from_offset, to_offset from pulse_gap order by 1, 2, 3",
            row => gaps.Add((row.GetString(0), row.GetInt32(1), row.GetInt64(2), row.GetInt64(3))));
        return gaps;
    }

    /// <summary>How many records were bad, by reason.</summary>
    public async Task<SortedDictionary<string, long>> DeadLettersAsync()
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        await QueryAsync(
            "select reason, sum(view_count) from deadLettersAggregation group by reason",
            row => counts.Add(row.GetString(0), Convert.ToInt64(row.GetValue(1), CultureInfo.InvariantCulture)));
        return counts;
    }

    /// <summary>The streams in which any bucket has a position.</summary>
    public async Task<IReadOnlySet<string>> StreamsAsync()
    {
        var streams = new HashSet<string>(StringComparer.Ordinal);
        await QueryAsync(
            "select positions from pulse_bucket",
            row => streams.UnionWith(row.GetString(0).Split('\n').Where(line => line.Length > 0).Select(line => line.Split(' ')[0])));
        return streams;
    }

    private async Task QueryAsync(string sql, Action<DbDataReader> use)
    {
        await using DbConnection connection = database.IsPostgres
            ? new NpgsqlConnection(database.ConnectionString)
            : new SqliteConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            use(reader);
    }

    /// <summary>What became of the records, as one rollup's buckets have it.</summary>
    internal sealed record RollupBalance(string Rollup, long Counted, long Late, long Dead, long Filtered, long Consumed)
    {
        /// <summary>Whether every record is accounted for.</summary>
        public bool IsEven => Counted + Late + Dead + Filtered == Consumed;
    }

    // Postgres has a type for it, SQLite a text that sorts alike.
    private static DateTime Instant(object value) => value is DateTime time
        ? time
        : DateTime.ParseExact((string)value, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
