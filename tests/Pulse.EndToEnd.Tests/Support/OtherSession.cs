using Npgsql;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>Somebody else on a node's PostgreSQL: an operator, another program.</summary>
internal static class OtherSession
{
    /// <summary>Executes statements, in a session of their own.</summary>
    public static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
