using System.Text.Json;
using Pulse.Actors.Broker;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Host.Api;
using Pulse.Host.Demo;
using Pulse.Host.Embedded;
using Pulse.Simulator;
using Pulse.Simulator.Database;
using Pulse.Simulator.Generation;
using Pulse.Testing;
using Pulse.Testing.Kafka;
using NodeStatus = Pulse.Host.Api.NodeStatus;

namespace Pulse.EndToEnd.Tests;

/// <summary>
/// Three node processes, a database and a broker in other processes than theirs: nodes are killed, suspended and taken
/// away while events flow, a fourth one joins, and in the end tables and warehouse equal the truth row for row.
/// </summary>
[Collection(Alone.Name)]
public sealed class ClusterTests(KafkaFixture kafka, ITestOutputHelper output) : IDisposable
{
    private const int Nodes = 3;
    private static readonly int Kills = LongForm.IsWanted ? 10 : 2;
    private static readonly double Rate = LongForm.IsWanted ? 5_000 : 1_500;
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(LongForm.IsWanted ? 20 : 6);

    private readonly TestDirectory _directory = new();
    private readonly Random _random = new(Environment.TickCount);

    [Fact]
    public Task Counts_are_exact_though_nodes_are_killed_suspended_and_leave() =>
        WithClusterAsync(Nodes, Nodes, async (cluster, cancellation) =>
        {
            for (var kill = 0; kill < Kills; kill++)
            {
                // The oldest node carries the coordinators, so it goes first.
                await KillAsync(cluster, cluster.Nodes[kill == 0 ? 0 : _random.Next(Nodes)], cancellation);
            }

            await SuspendAsync(cluster, cluster.Nodes[_random.Next(Nodes)], cancellation);
            await LeaveAsync(cluster, cluster.Nodes[_random.Next(Nodes)], cancellation);
        });

    [Fact]
    public Task A_change_of_members_is_over_within_its_limit_and_takes_shards_partitions_and_coordinator_along() =>
        WithClusterAsync(Nodes + 1, Nodes, async (cluster, cancellation) =>
        {
            await BalancedAsync(cluster, cancellation);
            var noise = await UndisturbedAsync(cluster, cancellation);
            await JoinAsync(cluster, cluster.Nodes[^1], cancellation);
            await LeaveWithinLimitAsync(cluster, cluster.Nodes[^2], noise, cancellation);
            await LoseCoordinatorAsync(cluster, cluster.Nodes[0], KillLimit + noise, cancellation);
        });

    public void Dispose() => _directory.Dispose();

    private async Task WithClusterAsync(int nodes, int started, Func<NodeCluster, CancellationToken, Task> change)
    {
        if (PostgresServer.FindBinaries() is null)
            throw Requirement.Missing("PostgreSQL's server programs are not installed.");
        using var limit = new CancellationTokenSource(Limit);
        var options = new DemoOptions
        {
            Nodes = nodes,
            Rate = Rate,
            DataDirectory = _directory.Path,
            Stream = await kafka.CreateStreamAsync(EmbeddedStream.Partitions),
        };
        await using var cluster = await NodeCluster.StartAsync(options);
        try
        {
            foreach (var node in cluster.Nodes.Take(started))
                await StartAsync(cluster, node, node.Number, limit.Token);

            using var enough = new CancellationTokenSource();
            var producing = cluster.ProduceAsync(
                new SimulatorOptions { Events = null, Duration = Limit, Rate = Rate, Seed = 7, Complete = false }, enough.Token);
            await change(cluster, limit.Token);
            await enough.CancelAsync();
            var truth = (await producing).Truth;

            await CompleteAsync(cluster, limit.Token);
            await AssertExactAsync(cluster, truth, options.Stream, limit.Token);
        }
        catch
        {
            foreach (var node in cluster.Nodes.Where(node => File.Exists(node.LogFile)))
                output.WriteLine($"--- node {node.Number} ({node.State}){Environment.NewLine}{ReadShared(node.LogFile)}");
            throw;
        }
    }

    /// <summary>Shards and partitions are shared out, and nothing is on its way any more: all that was read is durable.</summary>
    private static async Task BalancedAsync(NodeCluster cluster, CancellationToken cancellation)
    {
        await cluster.UntilAsync(
            "shards and partitions are shared out",
            () => DoAllAnswer(cluster)
                && Spread(cluster, status => status.Shards) <= 1 && Spread(cluster, Here) <= 1,
            cancellation);
        var read = cluster.Statuses.SelectMany(status => status.Partitions)
            .GroupBy(partition => partition.Partition, partition => partition.Position ?? 0)
            .ToDictionary(partition => partition.Key, partition => partition.Max());
        await cluster.UntilAsync(
            "everything read so far is durable",
            () => cluster.IsEveryPartitionRead && cluster.Statuses.SelectMany(status => status.Partitions)
                .All(partition => partition.Committed >= read.GetValueOrDefault(partition.Partition)),
            cancellation);
        await SettledAsync(cluster, cancellation);
    }

    /// <summary>The longest gap while nothing happens: what this machine adds to every measurement.</summary>
    private async Task<TimeSpan> UndisturbedAsync(NodeCluster cluster, CancellationToken cancellation)
    {
        var read = cluster.Statuses.Sum(status => status.Consumed);
        cluster.Gaps.Begin();
        await cluster.UntilAsync(
            "events flow", () => cluster.Statuses.Sum(status => status.Consumed) > read + (5 * Rate), cancellation);
        Say("nothing happened", cluster);
        return cluster.Gaps.Longest;
    }

    private async Task JoinAsync(NodeCluster cluster, NodeProcess node, CancellationToken cancellation)
    {
        cluster.Gaps.Begin();
        await StartAsync(cluster, node, Nodes + 1, cancellation);
        await BalancedAsync(cluster, cancellation);
        Say($"node {node.Number} joined and has {node.Status?.Shards} shards, {(node.Status is { } status ? Here(status) : 0)} partitions", cluster);
    }

    private async Task LeaveWithinLimitAsync(
        NodeCluster cluster, NodeProcess node, TimeSpan noise, CancellationToken cancellation)
    {
        cluster.Gaps.Begin();
        Assert.Equal(0, await node.StopAsync());
        await cluster.UntilAsync(
            $"the others read everything without node {node.Number}",
            () => cluster.MembersUp == Nodes && cluster.IsEveryPartitionRead,
            cancellation);
        await SettledAsync(cluster, cancellation);
        Say($"node {node.Number} left", cluster);
        Assert.InRange(cluster.Gaps.Longest, TimeSpan.Zero, LeaveLimit + noise);
    }

    /// <summary>The node with all coordinators is killed; what its export had done is known to the one that takes over.</summary>
    private async Task LoseCoordinatorAsync(
        NodeCluster cluster, NodeProcess node, TimeSpan gapLimit, CancellationToken cancellation)
    {
        await CompleteAsync(cluster, cancellation);
        var exported = await LastCompletionAsync(node, cancellation);
        cluster.Gaps.Begin();
        node.Kill();
        await cluster.UntilAsync(
            $"the others have taken over from node {node.Number}",
            () => node.Status is null && cluster.MembersUp == Nodes - 1 && cluster.IsEveryPartitionRead,
            cancellation);
        await SettledAsync(cluster, cancellation);
        Say($"node {node.Number}, with the coordinator, was killed", cluster);
        Assert.InRange(cluster.Gaps.Longest, TimeSpan.Zero, gapLimit);
        Assert.Equal(exported, await LastCompletionAsync(cluster.Nodes[1], cancellation));
    }

    private static int Here(NodeStatus status) => status.Partitions.Count(partition => partition.IsHere);

    private static int Spread(NodeCluster cluster, Func<NodeStatus, int> share)
    {
        var shares = cluster.Statuses.Select(share).ToList();
        return shares.Count == 0 || shares.Contains(0) ? int.MaxValue : shares.Max() - shares.Min();
    }

    private static bool DoAllAnswer(NodeCluster cluster) =>
        cluster.Nodes.All(node => !node.IsRunning || node.Status is not null);

    private static Task SettledAsync(NodeCluster cluster, CancellationToken cancellation) =>
        cluster.UntilAsync("every partition advances", () => cluster.Gaps.Open < TimeSpan.FromSeconds(0.5), cancellation);

    /// <summary>Which completion was exported last, as the coordinator says, wherever it runs.</summary>
    private static async Task<string> LastCompletionAsync(NodeProcess node, CancellationToken cancellation)
    {
        using var http = new HttpClient();
        while (true)
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{node.HttpPort}/api/exports"), cancellation);
            if (answer.IsSuccessStatusCode)
            {
                using var state = await JsonDocument.ParseAsync(
                    await answer.Content.ReadAsStreamAsync(cancellation), cancellationToken: cancellation);
                return state.RootElement.GetProperty("lastOutcome").GetProperty("completion").GetRawText();
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellation);
        }
    }

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
        var before = cluster.Statuses.Max(status => status.Export?.EndedUtc);
        await cluster.ProduceAsync(new SimulatorOptions { Events = 0 }, cancellation);
        await cluster.UntilAsync(
            "the export is done",
            () => cluster.Statuses.Any(status => status.Export is { } export && export.EndedUtc > (before ?? default)),
            cancellation);
        Assert.All(
            cluster.Statuses.Select(status => status.Export).OfType<NodeExport>(),
            export => Assert.Null(export.Failure));
    }

    private async Task AssertExactAsync(
        NodeCluster cluster, Truth truth, KafkaSettings stream, CancellationToken cancellation)
    {
        var verdict = await Verdict.OfAsync(cluster, truth, cancellation);
        output.WriteLine($"{verdict.Events:N0} events, {verdict.Compared} counts compared");
        Assert.Empty(verdict.Differences);

        var judge = IndependentReader.Read(stream.BootstrapServers, stream.Topic);
        RollupCounts.AssertEqual(RollupCounts.Of(judge), ParquetFiles.Read(_directory["warehouse"]));
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
