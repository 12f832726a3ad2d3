using Npgsql;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>A session that holds the row of a bucket, so that whoever writes it waits until this is disposed.</summary>
internal sealed class HeldBucket : IAsyncDisposable
{
    private const string Waiting =
        "select distinct application_name from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

    private readonly NpgsqlConnection _holding;

    // Within a transaction, the list of sessions never changes.
    private readonly NpgsqlConnection _watching;

    private HeldBucket(string database)
    {
        _holding = new NpgsqlConnection(database + ";Pooling=false");
        _watching = new NpgsqlConnection(database + ";Pooling=false");
    }

    /// <summary>Holds the first bucket of a rollup.</summary>
    public static async Task<HeldBucket> OpenAsync(string database, string rollup)
    {
        var held = new HeldBucket(database);
        await held._holding.OpenAsync();
        await held._watching.OpenAsync();
        await using var command = new NpgsqlCommand(
            "begin; select 1 from pulse_bucket where bucket = 0 and version = (select version from pulse_version "
            + $"where rollup = '{rollup}') for update", held._holding);
        await command.ExecuteNonQueryAsync();
        return held;
    }

    /// <summary>Waits until somebody waits for a lock, as the server sees it.</summary>
    /// <param name="limit">How long.</param>
    /// <param name="except">Who does not count; null for nobody.</param>
    /// <returns>How it calls itself.</returns>
    public async Task<string> WaitingAsync(TimeSpan limit, string? except = null)
    {
        string? found = null;
        await Eventually.HoldsAsync("a statement waits for the bucket's row", limit, async () =>
        {
            await using var command = new NpgsqlCommand(Waiting, _watching);
            await using var reader = await command.ExecuteReaderAsync();
            while (found is null && await reader.ReadAsync())
                found = reader.GetString(0) is var name && name != except ? name : null;
            return found is not null;
        });
        return found!;
    }

    public async ValueTask DisposeAsync()
    {
        await _watching.DisposeAsync();
        await _holding.DisposeAsync();
    }
}
