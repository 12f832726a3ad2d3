using Npgsql;
using Pulse.Actors.Storage;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

/// <summary>Nodes that have looked at a database on PostgreSQL, and then wait for another one to be done with it.</summary>
internal static class NodesThatWaited
{
    private const int Nodes = 3;

    /// <summary>Has them look, wait and start.</summary>
    /// <param name="storage">The database.</param>
    /// <param name="start">What a node does when it has looked.</param>
    public static async Task StartAsync(TestStorage storage, Func<NodeStorage, CancellationToken, Task> start)
    {
        using var deadline = new CancellationTokenSource(Until.Limit);
        await using var other = new NpgsqlConnection(storage.Options.ConnectionString + ";Pooling=false");
        await other.OpenAsync(deadline.Token);
        await ExecuteAsync("begin; select pg_advisory_xact_lock(x'70756C7365'::bigint)");
        var starts = Enumerable.Range(0, Nodes).Select(async _ =>
        {
            var node = storage.Open();
            await node.NeedsUpgradeAsync(deadline.Token);
            await start(node, deadline.Token);
        }).ToList();
        await Eventually.HoldsAsync("all wait", Until.Limit, async () => (await storage.QueryAsync(
            "select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())"))
            .Count == Nodes);
        await ExecuteAsync("commit");

        await Task.WhenAll(starts);

        async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, other);
            await command.ExecuteNonQueryAsync(deadline.Token);
        }
    }
}
