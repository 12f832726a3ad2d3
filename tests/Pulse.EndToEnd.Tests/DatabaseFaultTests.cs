using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>
/// A database that loses what it had committed, or takes no writes for a while, under three running nodes. What the tables hold
/// in the end is what the log makes of them.
/// </summary>
[Collection(Alone.Name)]
public sealed class DatabaseFaultTests(KafkaFixture kafka, PostgresFixture postgres, ITestOutputHelper output) : IDisposable
{
    private const int EventsPerSecond = 20_000;
    private const int MostKills = 10;
    private const string OfNodes = "datname = current_database() and application_name like 'pulse-node-%'";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly int Kills = LongForm.IsWanted ? 10 : 1;
    private static readonly TimeSpan ReadOnlyTime = TimeSpan.FromSeconds(LongForm.IsWanted ? 30 : 5);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task A_replica_that_lags_is_promoted_and_no_count_is_lost()
    {
        await using var servers = new PostgresFixture();
        var old = await servers.CreateDatabaseAsync();
        await using var replica = await servers.CreateReplicaAsync();
        var next = replica.ConnectionString(new NpgsqlConnectionStringBuilder(old).Database!);
        var stream = await TestStream.CreateAsync(kafka);
        await using var cluster = await TestCluster.StartAsync(_directory, stream, BothOf(old, next));
        await using var simulator = stream.Produce(_directory, EventsPerSecond);
        await ExactCounts.CountedAsync(next, 3 * EventsPerSecond, Limit);

        // From here on the replica hears nothing of the old primary, which goes on committing.
        await ExecuteAsync(next, "alter system set primary_conninfo = ''");
        await ExecuteAsync(next, "select pg_reload_conf()");
        await Eventually.HoldsAsync(
            "the replica receives nothing", Limit, async () => await NumberAsync(next, "select count(*) from pg_stat_wal_receiver") == 0);
        await ExactCounts.CountedAsync(old, await CountedAsync(next) + (3 * EventsPerSecond), Limit);
        var committed = await CountedAsync(old);
        await servers.KillAsync();
        await replica.PromoteAsync();
        var found = await CountedAsync(next);
        output.WriteLine($"The old primary had committed {committed:N0} events, the promoted replica has {found:N0}.");
        Assert.InRange(found, 0, committed - EventsPerSecond);

        await ExactCounts.CountedAsync(next, committed + (3 * EventsPerSecond), Limit);
        await AssertExactAsync(stream, simulator, next, cluster);
    }

    [Fact]
    public async Task A_killed_server_that_had_committed_without_the_disk_costs_no_count()
    {
        await using var servers = new PostgresFixture();
        var database = await servers.CreateDatabaseAsync();
        await ExecuteAsync(database, "alter system set synchronous_commit = off");
        await ExecuteAsync(database, "select pg_reload_conf()");
        var stream = await TestStream.CreateAsync(kafka);
        await using var cluster = await TestCluster.StartAsync(_directory, stream, database);
        await using var simulator = stream.Produce(_directory, EventsPerSecond);

        var losses = 0;
        for (var kill = 0; kill < Kills || (losses == 0 && kill < MostKills); kill++)
        {
            await MoreAsync(database, EventsPerSecond);
            await StopWalWriterAsync(database);
            await MoreAsync(database, EventsPerSecond);
            var committed = await CountedAsync(database);
            await servers.KillAsync();
            await servers.StartAsync();
            var found = await CountedAsync(database);
            output.WriteLine($"{committed:N0} events were committed, {found:N0} are there after the kill.");
            // Between question and kill, more may have been committed than is lost.
            if (found < committed)
                losses++;
        }

        Assert.NotEqual(0, losses);
        await MoreAsync(database, 3 * EventsPerSecond);
        await AssertExactAsync(stream, simulator, database, cluster);
    }

    [Fact]
    public async Task A_database_that_takes_no_writes_for_a_while_is_written_to_again_by_itself()
    {
        const int Rate = 2_000;
        var database = await postgres.CreateDatabaseAsync();
        var name = new NpgsqlConnectionStringBuilder(database).Database;
        var stream = await TestStream.CreateAsync(kafka);
        await using var cluster = await TestCluster.StartAsync(_directory, stream, database);
        await using var simulator = stream.Produce(_directory, Rate);
        await ExactCounts.CountedAsync(database, 2 * Rate, Limit);

        await ExecuteAsync(database, $"alter database {name} set default_transaction_read_only = on");
        await ExecuteAsync(database, $"select pg_terminate_backend(pid) from pg_stat_activity where {OfNodes}");
        await Eventually.HoldsAsync("every node notices", Limit, async () =>
            (await Task.WhenAll(cluster.Nodes.Select(node => node.StatusAsync()))).All(status => !status.StorageAvailable));
        var before = await CountedAsync(database);
        // The length of the outage is what is tested.
        await Task.Delay(ReadOnlyTime);
        Assert.Equal(before, await CountedAsync(database));
        // The sessions that the nodes have now stay read-only until the nodes close them.
        var end = await ScalarAsync(database, "select clock_timestamp()::text");
        await ExecuteAsync(database, $"set transaction_read_only = off; alter database {name} reset default_transaction_read_only");

        await MoreAsync(database, 2 * Rate);
        await AssertExactAsync(stream, simulator, database, cluster);
        await Eventually.HoldsAsync("the read-only sessions are closed", Limit, async () => await NumberAsync(
            database, $"select count(*) from pg_stat_activity where {OfNodes} and backend_start < '{end}'") == 0);
    }

    public void Dispose() => _directory.Dispose();

    private static async Task AssertExactAsync(TestStream stream, PulseProcess simulator, string database, TestCluster cluster)
    {
        await ExactCounts.AssertAtEndAsync(stream, simulator, database, Limit);
        await stream.CompleteAsync();
        // The export is the coordinator's, which stores as well; that it can shows that nothing of the node is left behind.
        await cluster.Nodes[0].ExportedAsync(Limit);
        Assert.All(cluster.Nodes, node => node.AssertNoStackTrace());
        Assert.All(cluster.Nodes, node => Assert.Empty(node.Errors));
    }

    private static string BothOf(string one, string other)
    {
        var (first, second) = (new NpgsqlConnectionStringBuilder(one), new NpgsqlConnectionStringBuilder(other));
        return new NpgsqlConnectionStringBuilder(one)
        {
            Host = FormattableString.Invariant($"{first.Host}:{first.Port},{second.Host}:{second.Port}"),
            TargetSessionAttributes = "primary",
        }.ConnectionString;
    }

    private static async Task MoreAsync(string database, long events) =>
        await ExactCounts.CountedAsync(database, await CountedAsync(database) + events, Limit);

    private static Task<long> CountedAsync(string database) => ResultTables.OfPostgres(database).CountedAsync();

    private static Task ExecuteAsync(string database, string sql) => ScalarAsync(database, sql);

    private static async Task<long> NumberAsync(string database, string sql) => (long)(await ScalarAsync(database, sql))!;

    private static async Task<object?> ScalarAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    // Without its WAL writer, the server keeps in its own memory what is committed. At rest, it holds no lock that others need.
    private static Task StopWalWriterAsync(string database) => Eventually.HoldsAsync("the WAL writer is stopped at rest", Limit, async () =>
    {
        var process = await NumberAsync(database, "select pid::bigint from pg_stat_activity where backend_type = 'walwriter'");
        await SignalAsync(process, "STOP");
        if (await ScalarAsync(database, "select wait_event from pg_stat_activity where backend_type = 'walwriter'") is "WalWriterMain")
            return true;
        await SignalAsync(process, "CONT");
        return false;
    });

    private static async Task SignalAsync(long process, string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", process.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}
