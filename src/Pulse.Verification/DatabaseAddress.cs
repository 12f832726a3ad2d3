using Microsoft.Data.Sqlite;
using Npgsql;

namespace Pulse.Verification;

/// <summary>The database, and how to reach it.</summary>
/// <param name="IsPostgres">Whether it is PostgreSQL's; else it is a file of SQLite.</param>
/// <param name="ConnectionString">For the driver; may hold a password.</param>
public sealed record DatabaseAddress(bool IsPostgres, string ConnectionString)
{
    /// <summary>For people: kind and place, no secret.</summary>
    public string Description
    {
        get
        {
            if (!IsPostgres)
                return $"SQLite file '{new SqliteConnectionStringBuilder(ConnectionString).DataSource}'";
            var server = new NpgsqlConnectionStringBuilder(ConnectionString);
            return $"PostgreSQL database '{server.Database ?? server.Username}' at {server.Host}:{server.Port}";
        }
    }

    /// <summary>Without the connection string.</summary>
    public override string ToString() => Description;
}
