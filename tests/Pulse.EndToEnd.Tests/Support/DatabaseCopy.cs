using Npgsql;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>What a database held at one moment, to be put back later: as a backup is restored, or a replica promoted that lags.</summary>
internal sealed class DatabaseCopy(string connectionString)
{
    private static readonly string[] Tables =
        ["pulse_bucket", "pulse_gap", "deadLettersAggregation", .. RollupCounts.Dimensions.Keys.Select(rollup => $"{rollup}Aggregation")];

    /// <summary>Copies everything that counting stores, as of one moment.</summary>
    public Task TakeAsync() => ExecuteAsync(
        "begin isolation level repeatable read; "
        + string.Concat(Tables.Select(table => $"create table copy_of_{table} as select * from {table}; "))
        + "commit");

    /// <summary>Puts it back, in one transaction, whoever is connected.</summary>
    public Task PutBackAsync() => ExecuteAsync(
        $"begin; lock table {string.Join(", ", Tables)} in exclusive mode; "
        + string.Concat(Tables.Select(table => $"delete from {table}; insert into {table} select * from copy_of_{table}; "))
        + "commit");

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
