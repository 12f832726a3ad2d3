using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using Pulse.Actors.Storage;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>Everything that a database holds: its schema, and the rows of all tables.</summary>
internal static class DatabaseContent
{
    private const string SqliteSchema = "select type, name, coalesce(sql, '') from sqlite_master order by 1, 2";
    private const string SqliteTables = "select name from sqlite_master where type = 'table'";

    private const string PostgresSchema =
        """
        select table_name, column_name, data_type, coalesce(column_default, '') from information_schema.columns where table_schema = 'public'
        union all select tablename, indexname, indexdef, '' from pg_indexes where schemaname = 'public' order by 1, 2
        """;

    private const string PostgresTables = "select tablename from pg_tables where schemaname = 'public'";

    /// <summary>Reads it, a line for each column, index and row.</summary>
    public static async Task<IReadOnlyList<string>> ReadAsync(StorageOptions database)
    {
        var isSqlite = database.Kind == StorageKind.Sqlite;
        await using DbConnection connection = isSqlite
            ? new SqliteConnection(database.ConnectionString + ";Pooling=False")
            : new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        var content = await QueryAsync(connection, isSqlite ? SqliteSchema : PostgresSchema);
        foreach (var table in await QueryAsync(connection, isSqlite ? SqliteTables : PostgresTables))
        {
            var rows = await QueryAsync(connection, $"select * from {table}");
            content.AddRange(rows.Select(row => $"{table}: {row}").Order(StringComparer.Ordinal));
        }

        return content;
    }

    private static async Task<List<string>> QueryAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(index => Text(reader.GetValue(index)))));
        return rows;
    }

    private static string Text(object value) => value is byte[] bytes ? Convert.ToHexStringLower(bytes) : FormattableString.Invariant($"{value}");
}
