using Pulse.Actors.Storage.Streams;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>What is a stream of its own and what is not: a topic that was made again is one, a broker that does not answer is none.</summary>
public sealed class StreamIdentityTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private const int First = 1_000;
    private const int Longer = 1_500;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData(true, 400)]
    [InlineData(true, First)]
    [InlineData(true, Longer)]
    [InlineData(false, 400)]
    [InlineData(false, First)]
    [InlineData(false, Longer)]
    public async Task A_topic_made_again_is_a_new_stream_and_is_read_from_its_start(bool isRunning, int events)
    {
        // A longer one looks the most like the one before, and an equal one like one that nobody wrote to.
        if (events != (isRunning ? Longer : First))
            LongForm.Require();
        var stream = await TestStream.CreateAsync(kafka, partitions: 4);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(First);
        var cluster = await TestCluster.StartAsync(_directory, stream, database, nodes: 2);
        try
        {
            await StoredAsync(database, First);
            var counted = RollupCounts.Of(stream.Judge());
            if (!isRunning)
            {
                await EndAsync(cluster);
                await cluster.DisposeAsync();
            }

            await stream.MakeAgainAsync();
            await stream.ProduceAsync(events);
            if (!isRunning)
                cluster = await TestCluster.StartAsync(_directory, stream, database, nodes: 2);

            await StoredAsync(database, First + events);
            RollupCounts.AssertEqual(
                counted.Plus(RollupCounts.Of(stream.Judge())), await ResultTables.OfPostgres(database).ReadAsync());
            Assert.Contains(
                cluster.Nodes.SelectMany(node => node.Output), line => line.Contains("was made again", StringComparison.Ordinal));
            await EndAsync(cluster);
            Assert.All(cluster.Nodes, node => node.AssertNoStackTrace());
        }
        finally
        {
            await cluster.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_broker_that_does_not_answer_makes_no_other_stream_of_the_topic()
    {
        await using var cluster = await KafkaFixture.StartClusterAsync(behindRelays: true);
        var stream = await TestStream.CreateAsync(cluster);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(1_000);
        await using var node = Host(stream, database);
        await StoredAsync(database, 1_000);

        for (var cut = 1; cut <= 2; cut++)
        {
            cluster.Brokers[0].Relay!.Cut();
            await Eventually.HoldsAsync("the node finds it", Limit, () => Task.FromResult(
                node.Output.Count(line => line.Contains("does not answer", StringComparison.Ordinal)) >= cut));
            cluster.Brokers[0].Relay!.Heal();
            await stream.ProduceAsync(500);
            await StoredAsync(database, 1_000 + (500 * cut));
        }

        await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfPostgres(database));
        Assert.Single(await ResultTables.OfPostgres(database).StreamsAsync());
    }

    [Fact]
    public async Task A_stop_while_the_broker_is_away_loses_memory_alone()
    {
        await using var cluster = await KafkaFixture.StartClusterAsync(behindRelays: true);
        var stream = await TestStream.CreateAsync(cluster);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(1_000);
        await using (var node = Host(stream, database))
        {
            await StoredAsync(database, 1_000);
            await stream.ProduceAsync(500);
            await node.ConsumedAsync(1_500, Limit);
            cluster.Brokers[0].Relay!.Cut();
            node.Terminate();
            Assert.Equal(0, await node.ExitAsync(Limit));
        }

        cluster.Brokers[0].Relay!.Heal();
        await using var next = Host(stream, database);
        await StoredAsync(database, 1_500);
        await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfPostgres(database));
    }

    [Fact]
    public async Task Another_cluster_is_refused_at_start_until_a_person_accepts_it()
    {
        const int Others = 400;
        var stream = await TestStream.CreateAsync(kafka, partitions: 4);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(First);
        await using (var node = Host(stream, database))
        {
            await StoredAsync(database, First);
            node.Terminate();
            Assert.Equal(0, await node.ExitAsync(Limit));
        }

        await using var cluster = await KafkaFixture.StartClusterAsync();
        var other = await stream.OnAsync(cluster);
        await other.ProduceAsync(Others);
        var identity = CountedStream.Parse(await other.IdentityAsync());
        await using (var node = Host(other, database))
        {
            Assert.Equal(2, await node.ExitAsync(Limit));
            var line = Assert.Single(node.Errors);
            Assert.Contains($"is cluster '{identity.Cluster}'", line, StringComparison.Ordinal);
            Assert.Contains("pulse accept-stream", line, StringComparison.Ordinal);
        }

        await RefusedAsync(other, database, "rebuild", "--rollup", "viewsByDeviceGenre", "--yes");
        await RefusedAsync(other, database, "accept-cut", "--partition", "0", "--yes");
        await StoredAsync(database, First);
        var before = CountedStream.Parse(await stream.IdentityAsync());
        await AcceptAsync(
            other, database, $"topic '{stream.Topic}' of cluster '{before.Cluster}', id {before.Id}.",
            $"topic '{stream.Topic}' of cluster '{identity.Cluster}', id {identity.Id}, {Others} offsets.", "Done. Nodes that run begin to read within seconds");
        await AcceptAsync(other, database, "It is counted already. Nothing to accept.");
        await using (var node = Host(other, database))
        {
            await StoredAsync(database, First + Others);
            var actions = await node.GetAsync("/api/actions");
            Assert.Contains($"accept-stream: {identity.Name} is counted from its start.", actions, StringComparison.Ordinal);
            Assert.Contains($"{Environment.UserName}@", actions, StringComparison.Ordinal);
        }

        RollupCounts.AssertEqual(
            RollupCounts.Of(stream.Judge()).Plus(RollupCounts.Of(other.Judge())), await ResultTables.OfPostgres(database).ReadAsync());
    }

    public void Dispose() => _directory.Dispose();

    private async Task AcceptAsync(TestStream stream, string database, params string[] expected)
    {
        await using var accept = PulseProcess.Host(_directory, stream.Environment(database, null), "accept-stream", "--yes");
        Assert.Equal(0, await accept.ExitAsync(Limit));
        Assert.All(expected, line => Assert.Contains(accept.Output, told => told.Contains(line, StringComparison.Ordinal)));
    }

    private async Task RefusedAsync(TestStream stream, string database, params string[] command)
    {
        await using var refused = PulseProcess.Host(_directory, stream.Environment(database, null), command);
        Assert.Equal(2, await refused.ExitAsync(Limit));
        Assert.Contains("is not counted by PostgreSQL database", Assert.Single(refused.Errors), StringComparison.Ordinal);
    }

    private static async Task EndAsync(TestCluster cluster)
    {
        foreach (var node in cluster.Nodes)
            node.Terminate();
        foreach (var node in cluster.Nodes)
            Assert.Equal(0, await node.ExitAsync(Limit));
    }

    private static Task StoredAsync(string database, long events) => ExactCounts.StoredAsync(database, events, Limit);

    private PulseProcess Host(TestStream stream, string database, params string[] arguments) => PulseProcess.Host(
        _directory, stream.Environment(database, checkpointInterval: null), ["run", "--port", "0", "--data", "data", .. arguments]);
}
