using Pulse.EndToEnd.Tests.Support;
using Pulse.Host.Demo;
using Pulse.Simulator;
using Pulse.Simulator.Database;
using Pulse.Simulator.Generation;

namespace Pulse.EndToEnd.Tests;

/// <summary>
/// Three node processes, a database and a broker in other processes than theirs: nodes are killed, suspended and taken
/// away while events flow, and in the end tables and warehouse equal the truth row for row.
/// </summary>
[Collection(Alone.Name)]
public sealed class ClusterTests(ITestOutputHelper output) : IDisposable
{
    private const int Nodes = 3;
    private static readonly int Kills = LongForm.IsWanted ? 10 : 2;
    private static readonly double Rate = LongForm.IsWanted ? 5_000 : 1_500;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(LongForm.IsWanted ? 20 : 6);

    private readonly TestDirectory _directory = new();
    private readonly Random _random = new(Environment.TickCount);

    [Fact]
    public async Task Counts_are_exact_though_nodes_are_killed_suspended_and_leave()
    {
        Assert.SkipWhen(
            PostgresServer.FindBinaries() is null && Environment.GetEnvironmentVariable("CI") != "true",
            "PostgreSQL's server programs are not installed.");
        using var limit = new CancellationTokenSource(Limit);
        var options = new DemoOptions { Nodes = Nodes, Rate = Rate, DataDirectory = _directory.Path };
        await using var cluster = await NodeCluster.StartAsync(options);
        try
        {
            foreach (var node in cluster.Nodes)
                await StartAsync(cluster, node, node.Number, limit.Token);

            using var enough = new CancellationTokenSource();
            var producing = cluster.ProduceAsync(
                new SimulatorOptions { Events = null, Duration = Limit, Rate = Rate, Seed = 7, Complete = false }, enough.Token);
            for (var kill = 0; kill < Kills; kill++)
            {
                // The oldest node carries the coordinators, so it goes first.
                await KillAsync(cluster, cluster.Nodes[kill == 0 ? 0 : _random.Next(Nodes)], limit.Token);
            }

            await SuspendAsync(cluster, cluster.Nodes[_random.Next(Nodes)], limit.Token);
            await LeaveAsync(cluster, cluster.Nodes[_random.Next(Nodes)], limit.Token);
            await enough.CancelAsync();
            var truth = (await producing).Truth;

            await CompleteAsync(cluster, limit.Token);
            await AssertExactAsync(cluster, truth, limit.Token);
        }
        catch
        {
            foreach (var node in cluster.Nodes.Where(node => File.Exists(node.LogFile)))
                output.WriteLine($"--- node {node.Number} ({node.State}){Environment.NewLine}{ReadShared(node.LogFile)}");
            throw;
        }
    }

    public void Dispose() => _directory.Dispose();

    private async Task KillAsync(NodeCluster cluster, NodeProcess node, CancellationToken cancellation)
    {
        cluster.Gaps.Begin();
        node.Kill();
        await cluster.UntilAsync(
            $"the others have taken over from node {node.Number}",
            () => node.Status is null && cluster.IsEveryPartitionRead && cluster.MembersUp == Nodes - 1,
            cancellation);
        await StartAsync(cluster, node, Nodes, cancellation);
        Say($"node {node.Number} was killed and came back", cluster);
    }

    /// <summary>A zombie: it wakes up after the others have divided its work among themselves.</summary>
    private async Task SuspendAsync(NodeCluster cluster, NodeProcess node, CancellationToken cancellation)
    {
        cluster.Gaps.Begin();
        node.Pause();
        await cluster.UntilAsync(
            $"the others have removed node {node.Number}",
            () => node.Status is null
                && cluster.Statuses.All(status => status.Members.Count == Nodes - 1)
                && cluster.IsEveryPartitionRead,
            cancellation);
        node.Resume();
        Assert.Equal(1, await node.ExitAsync(cancellation));
        await StartAsync(cluster, node, Nodes, cancellation);
        Say($"node {node.Number} was suspended, woke up, ended itself and came back", cluster);
    }

    private async Task LeaveAsync(NodeCluster cluster, NodeProcess node, CancellationToken cancellation)
    {
        cluster.Gaps.Begin();
        Assert.Equal(0, await node.StopAsync());
        await cluster.UntilAsync(
            $"the others read everything without node {node.Number}",
            () => cluster.MembersUp == Nodes - 1 && cluster.IsEveryPartitionRead,
            cancellation);
        Say($"node {node.Number} left", cluster);
        await StartAsync(cluster, node, Nodes, cancellation);
    }

    private static async Task StartAsync(
        NodeCluster cluster, NodeProcess node, int members, CancellationToken cancellation)
    {
        node.Start();
        await cluster.UntilAsync(
            $"node {node.Number} is up",
            () => node.Status is not null && cluster.MembersUp == members && cluster.IsEveryPartitionRead,
            cancellation);
    }

    private static async Task CompleteAsync(NodeCluster cluster, CancellationToken cancellation)
    {
        await cluster.ProduceAsync(new SimulatorOptions { Events = 0 }, cancellation);
        await cluster.UntilAsync(
            "the export is done", () => cluster.Statuses.Any(status => status.Export is not null), cancellation);
        Assert.All(
            cluster.Statuses.Select(status => status.Export).OfType<Pulse.Host.Api.NodeExport>(),
            export => Assert.Null(export.Failure));
    }

    private async Task AssertExactAsync(NodeCluster cluster, Truth truth, CancellationToken cancellation)
    {
        var verdict = await Verdict.OfAsync(cluster, truth, cancellation);
        output.WriteLine($"{verdict.Events:N0} events, {verdict.Compared} counts compared");
        Assert.Empty(verdict.Differences);

        var expected = new RollupCounts();
        foreach (var rollup in RollupCounts.Dimensions.Keys)
        {
            foreach (var row in truth.Rows(rollup))
                expected.Add(rollup, [row.First, row.Second], row.WindowEnd.UtcDateTime, row.Count);
        }

        RollupCounts.AssertEqual(expected, ParquetFiles.Read(_directory["warehouse"]));
    }

    private void Say(string what, NodeCluster cluster) =>
        output.WriteLine($"{what}; longest gap {cluster.Gaps.Longest.TotalSeconds:N1} s");

    private static string ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
