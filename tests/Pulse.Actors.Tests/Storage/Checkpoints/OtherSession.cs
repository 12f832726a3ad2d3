using System.Globalization;
using Npgsql;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

/// <summary>A session of somebody else on the same server, such as one that holds locks.</summary>
internal sealed class OtherSession : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    // Within a transaction, the list of sessions never changes.
    private readonly NpgsqlConnection _watching;

    private OtherSession(string connectionString)
    {
        _connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        _watching = new NpgsqlConnection(connectionString + ";Pooling=false");
    }

    public static async Task<OtherSession> OpenAsync(string connectionString)
    {
        var session = new OtherSession(connectionString);
        await session._connection.OpenAsync();
        await session._watching.OpenAsync();
        return session;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Begins a transaction that holds the row of a bucket of titles.</summary>
    public Task HoldAsync(int bucket) => ExecuteAsync(
        "begin; select 1 from pulse_bucket where bucket = " + bucket.ToString(CultureInfo.InvariantCulture)
        + " and version = (select version from pulse_version where rollup = 'viewsByTitle') for update");

    /// <summary>Completes when so many sessions of this database wait for a lock.</summary>
    public Task WaitingAsync(int sessions) => Eventually.HoldsAsync(
        $"{sessions} sessions wait for a lock",
        Until.Limit,
        async () =>
        {
            await using var command = new NpgsqlCommand(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'", _watching);
            return (long)(await command.ExecuteScalarAsync())! == sessions;
        });

    public async ValueTask DisposeAsync()
    {
        await _watching.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
