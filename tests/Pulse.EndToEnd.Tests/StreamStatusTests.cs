using System.Net;
using System.Text.Json;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>What all that people look at says while brokers are away: API, page, metrics, log, readiness and <c>pulse status</c>.</summary>
public sealed class StreamStatusTests(PostgresFixture postgres) : IDisposable
{
    private const int Events = 2_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task While_the_broker_is_away_the_lag_is_unknown_everywhere_and_afterwards_a_number_again()
    {
        await using var kafka = await KafkaFixture.StartClusterAsync();
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(Events);
        await using var cluster = await TestCluster.StartAsync(_directory, stream, database, nodes: 2);
        await UntilAsync(cluster, "everything is stored", status => status.Lag == 0 && status.Partitions.All(each => each.Reader is not null));
        var (exitCode, said) = await StatusAsync(cluster.Nodes[0]);
        Assert.Equal((0, "OK  nothing stands still, lag 0"), (exitCode, said[^1]));
        Assert.Equal(TestStream.Partitions, await LagsAsync(cluster));

        await kafka.Brokers[0].KillAsync();

        await UntilAsync(cluster, "the lag is unknown", status => status is { Lag: null, Standing: TestStream.Partitions, KafkaProblem: not null });
        foreach (var node in cluster.Nodes)
        {
            await node.LineAsync("Kafka has not answered for ", Limit);
            Assert.All((await node.StatusAsync()).Partitions, partition =>
            {
                Assert.Null(partition.Lag);
                Assert.Contains("the broker has not answered since", partition.Standing, StringComparison.Ordinal);
            });
            var page = await node.GetAsync("/cluster");
            Assert.Contains("Kafka is silent", page, StringComparison.Ordinal);
            Assert.Contains("<dd data-testid=\"lag\">unknown</dd>", page, StringComparison.Ordinal);
            Assert.Matches("(?m)^pulse_kafka_reachable({})? 0$", await node.GetAsync("/metrics"));
            await Eventually.HoldsAsync("the node is not ready", Limit, async () => await node.UnreadyAsync() is not null, Interval);
            Assert.Contains("Kafka does not answer; /api/status says why.", await node.UnreadyAsync(), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.OK, await node.HealthAsync("live"));
        }

        Assert.Equal(0, await LagsAsync(cluster));
        (exitCode, said) = await StatusAsync(cluster.Nodes[0]);
        Assert.Equal((1, "NOT WELL"), (exitCode, said[^1]));
        Assert.Contains(said, line => line.StartsWith("The lag is unknown. Kafka at ", StringComparison.Ordinal));

        await kafka.StartAsync(kafka.Brokers[0]);
        await stream.ProduceAsync(Events);

        await UntilAsync(cluster, "everything is stored again", status => status is { Lag: 0, KafkaProblem: null, Standing: 0 });
        foreach (var node in cluster.Nodes)
        {
            await node.LineAsync("Kafka answers again, after ", Limit);
            Assert.Null(await node.UnreadyAsync());
            node.AssertNoStackTrace();
        }

        Assert.Equal(0, (await StatusAsync(cluster.Nodes[0])).ExitCode);
        await ExactCounts.StoredAsync(database, 2 * Events, Limit);
        await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfPostgres(database));
    }

    [Fact]
    public async Task A_partition_without_a_leader_is_named_everywhere_and_the_node_stays_ready()
    {
        await using var kafka = await KafkaFixture.StartClusterAsync(brokers: 3);
        var stream = await TestStream.CreateAsync(kafka, replicas: [[1], [2]]);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(partition: 0, 10);
        await stream.ProduceAsync(partition: 1, 10);
        await using var cluster = await TestCluster.StartAsync(_directory, stream, database, nodes: 1);
        var node = cluster.Nodes[0];
        await UntilAsync(cluster, "everything is stored", status => status.Lag == 0);

        await kafka.Brokers[1].KillAsync();

        await UntilAsync(
            cluster,
            "partition 1 stands still",
            status => status is { Lag: null, Standing: 1 } && status.Partitions[1] is { HasLeader: false, Lag: null, Standing: "no leader" });
        await node.LineAsync("Partition 1 stands still: no leader.", Limit);
        var status = await node.StatusAsync();
        Assert.Equal((0, true), (status.Partitions[0].Lag, status.Partitions[0].HasLeader));
        Assert.Contains("Partition 1 stands still.", await node.GetAsync("/cluster"), StringComparison.Ordinal);
        Assert.Contains("Partition 1 of 2 stands still; /api/status says why.", await node.GetAsync("/health/ready"), StringComparison.Ordinal);
        var metrics = await node.GetAsync("/metrics");
        Assert.Matches("(?m)^pulse_ingest_lag{partition=\"0\"} 0$", metrics);
        Assert.DoesNotContain("pulse_ingest_lag{partition=\"1\"}", metrics, StringComparison.Ordinal);
        Assert.Matches("(?m)^pulse_ingest_partitions{state=\"no_leader\"} 1$", metrics);
        var (exitCode, said) = await StatusAsync(node);
        Assert.Equal((1, "Partition 1 stands still: no leader"), (exitCode, said[^2]));
        using var json = JsonDocument.Parse(string.Join('\n', (await StatusAsync(node, "--json")).Said));
        Assert.False(json.RootElement.GetProperty("isWell").GetBoolean());
        Assert.Equal("no leader", json.RootElement.GetProperty("partitions")[1].GetProperty("standing").GetString());

        await kafka.StartAsync(kafka.Brokers[1]);

        await UntilAsync(cluster, "both partitions go on", each => each is { Lag: 0, Standing: 0 });
        await node.LineAsync("Partition 1 goes on.", Limit);
        Assert.Equal(0, (await StatusAsync(node)).ExitCode);
        node.AssertNoStackTrace();
    }

    [Fact]
    public async Task It_finds_a_node_with_everything_embedded_and_says_when_there_is_none()
    {
        using var nobody = new NobodysPort();
        var environment = new Dictionary<string, string> { ["Pulse__Http__Port"] = $"{nobody.Port}" };
        await using (var node = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--rate", "2000", "--data", "pulse-data"))
        {
            await node.ExportedAsync(Limit);
            await Eventually.HoldsAsync("everything is stored", Limit, async () => (await node.StatusAsync()).Lag == 0, Interval);

            await using var status = PulseProcess.Host(_directory, environment, "status");

            Assert.Equal(0, await status.ExitAsync(Limit));
            Assert.Equal("OK  nothing stands still, lag 0", status.Output[^1]);
            Assert.StartsWith(await node.AddressAsync(), status.Output[0], StringComparison.Ordinal);
            node.Terminate();
            Assert.Equal(0, await node.ExitAsync(Limit));
        }

        await using var alone = PulseProcess.Host(_directory, environment, "status");

        Assert.Equal(3, await alone.ExitAsync(Limit));
        Assert.StartsWith($"http://127.0.0.1:{nobody.Port}/: no answer (", Assert.Single(alone.Errors), StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static Task UntilAsync(TestCluster cluster, string what, Func<NodeStatus, bool> holds) => Eventually.HoldsAsync(
        what,
        Limit,
        async () => (await Task.WhenAll(cluster.Nodes.Select(node => node.StatusAsync()))).All(holds),
        Interval);

    /// <summary>Of how many partitions the nodes together tell a lag, as a metric.</summary>
    private static async Task<int> LagsAsync(TestCluster cluster) =>
        (await Task.WhenAll(cluster.Nodes.Select(node => node.GetAsync("/metrics"))))
            .Sum(metrics => metrics.Split("\npulse_ingest_lag{").Length - 1);

    private Task<(int ExitCode, IReadOnlyList<string> Said)> StatusAsync(PulseProcess node, params string[] arguments) =>
        node.StatusCommandAsync(_directory, arguments);
}
