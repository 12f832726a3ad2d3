using Npgsql;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>A row of a bucket that somebody has damaged under a running node: the node says so until somebody mends it, and goes on.</summary>
public sealed class StandingBucketTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private const string Bucket = "viewsByDeviceGenre/3";
    private const string Its = "bucket = 3 and version = (select version from pulse_version where rollup = 'viewsByDeviceGenre')";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private readonly TestDirectory _directory = new();

    [Fact]
    public Task A_row_that_is_gone_and_comes_back() => MendAsync(
        $"create table kept as select * from pulse_bucket where {Its}; delete from pulse_bucket where {Its}",
        $"Bucket {Bucket} has no row in table pulse_bucket.",
        "insert into pulse_bucket select * from kept");

    // Another content has another name, as with everybody who writes a row.
    [Fact]
    public Task Positions_that_can_not_be_read_and_are_mended() => MendAsync(
        $"update pulse_bucket set positions = positions || ' seven', checkpoint = gen_random_uuid() where {Its}",
        $"The positions of bucket {Bucket} in table pulse_bucket can't be read:",
        $"update pulse_bucket set positions = left(positions, -6) where {Its}",
        $"select generation from pulse_bucket where {Its}");

    public void Dispose() => _directory.Dispose();

    private async Task MendAsync(string damage, string problem, string mend, string? attempts = null)
    {
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(1_000);
        var environment = stream.Environment(database, checkpointInterval: null);
        environment["Logging__LogLevel__Pulse.Actors"] = "Debug";
        await using var node = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data", "--exit-on-complete");
        await ExactCounts.StoredAsync(database, 1_000, Limit);

        await QueryAsync(database, damage);
        await Eventually.HoldsAsync("the node is not ready", Limit, async () => await node.UnreadyAsync() is not null);
        await stream.ProduceAsync(500);
        if (attempts is not null)
            await StaysUnreadyAsync(node, database, attempts);
        var standing = Assert.Single((await node.StatusAsync()).StandingBuckets);
        Assert.Equal(Bucket, standing.Bucket);
        Assert.StartsWith(problem, standing.Problem, StringComparison.Ordinal);
        Assert.Contains(problem, await node.UnreadyAsync(), StringComparison.Ordinal);

        await QueryAsync(database, mend);
        await ExactCounts.StoredAsync(database, 1_500, Limit);
        await Eventually.HoldsAsync("the node is ready", Limit, async () => await node.UnreadyAsync() is null);
        Assert.Empty((await node.StatusAsync()).StandingBuckets);
        await stream.CompleteAsync();
        Assert.Equal(0, await node.ExitAsync(Limit));

        await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfPostgres(database));
        Assert.Single(node.Output, line => line.Contains($"Bucket {Bucket} was overtaken.", StringComparison.Ordinal));
        Assert.Single(node.Output, line => line.Contains($"Bucket {Bucket} at akka.tcp://pulse@127.0.0.1:", StringComparison.Ordinal)
            && line.Contains(" was overtaken: somebody else writes the same rows", StringComparison.Ordinal));
        Assert.Single(node.Output, line => line.Contains($"Bucket {Bucket} stands still, and no partition goes on. {problem}", StringComparison.Ordinal));
        Assert.Single(node.Output, line => line.Contains($"Bucket {Bucket} goes on.", StringComparison.Ordinal));
        Assert.DoesNotContain(node.Output, line => line.Contains("Storage is", StringComparison.Ordinal));
        node.AssertNoStackTrace();
    }

    // The bucket takes its row over again and again, and others store meanwhile.
    private static async Task StaysUnreadyAsync(PulseProcess node, string database, string attempts)
    {
        var seen = new HashSet<long>();
        await Eventually.HoldsAsync("the bucket has asked three times", Limit, async () =>
        {
            Assert.NotNull(await node.UnreadyAsync());
            seen.Add(await QueryAsync(database, attempts));
            return seen.Count == 4;
        });
    }

    private static async Task<long> QueryAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() as long? ?? 0;
    }
}
