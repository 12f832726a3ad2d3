using System.Diagnostics;
using System.Net;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>A partition whose only replica is on a broker that is gone.</summary>
public sealed class LeaderlessPartitionTests(PostgresFixture postgres, ITestOutputHelper output) : FaultTest(output)
{
    private const int Leaderless = 1;
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(LongForm.IsWanted ? 30 : 0);

    [Fact]
    public async Task Partition_without_a_leader()
    {
        // StreamStatusTests has the short form.
        LongForm.Require();
        await using var kafka = await KafkaFixture.StartClusterAsync(brokers: 3);
        await using var pair = Watched(await NodePair.StartAsync(
            await TestStream.CreateAsync(kafka, replicas: [[1], [2]]), await postgres.CreateDatabaseAsync()));
        var broker = kafka.Brokers[1];
        await broker.KillAsync();
        var since = Stopwatch.StartNew();
        await pair.Stream.UntilAsync("partition 1 has no leader", topic => topic.Partitions[Leaderless].Leader < 0);

        // Nodes that read it go on with the others, and so do nodes that start.
        await CountsAgainAsync(pair, except: Leaderless);
        await pair.StopNodesAsync();
        await pair.StartNodesAsync();
        Watched(pair);
        await CountsAgainAsync(pair, except: Leaderless);
        await pair.Shown.ShowsAsync("which partition has no leader", IsNamed);
        // The length of the fault is what is tested.
        if (Shortest - since.Elapsed is { Ticks: > 0 } rest)
            await Task.Delay(rest);

        await kafka.StartAsync(broker);
        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
        await pair.Shown.ShowsAsync("that all partitions go on", view => view.Partitions.All(each => each is { Standing: null, Lag: not null }));
        Assert.All(pair.Nodes, node => node.AssertNoStackTrace());
    }

    private static bool IsNamed(NodeView view) => view.Readiness == HttpStatusCode.OK
        && new[] { view.Partitions, view.PagePartitions }.All(shown =>
            shown.Where(each => each.Standing is not null).ToList() is
                [{ Partition: Leaderless, HasLeader: false, Lag: null, Standing: "no leader" }])
        && view.MetricLag(Leaderless) is null;
}
