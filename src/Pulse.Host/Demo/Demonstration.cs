using Pulse.Host.Api;
using Pulse.Simulator;

namespace Pulse.Host.Demo;

/// <summary>
/// The story that is shown: a cluster grows while events flow, with <c>kill</c> loses a node and gets it back, and in
/// the end every count is compared with the truth.
/// </summary>
internal sealed class Demonstration(NodeCluster cluster, DemoOptions options, DemoView view)
{
    // Beyond what polling and batches add while nothing is wrong.
    private static readonly TimeSpan Still = TimeSpan.FromSeconds(1);

    private readonly List<(string Change, TimeSpan Gap)> _gaps = [];
    private string? _change;

    /// <returns>Whether every count was exact.</returns>
    /// <exception cref="StartException">The cluster did not do what it should.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellation)
    {
        view.Say($"broker with {Embedded.EmbeddedStream.Partitions} partitions and {cluster.StorageName} started");
        var first = Math.Max(1, options.Nodes - 1);
        for (var number = 1; number <= first; number++)
            await AddAsync(cluster.Nodes[number - 1], number, cancellation);

        view.Say($"the simulator starts: {options.Events:N0} events at {options.Rate:N0} a second");
        var producing = cluster.ProduceAsync(
            new SimulatorOptions { Events = options.Events, Rate = options.Rate, Seed = options.Seed }, cancellation);
        var story = StoryAsync(first, cancellation);
        await Task.WhenAny(story, producing);
        var result = await producing;
        if (result.Failure is { } failure)
            throw new StartException($"The simulator failed: {failure}");
        view.Say($"all {result.Delivered:N0} events delivered, the stream is complete");

        await story;
        NodeExport? export = null;
        await cluster.UntilAsync(
            "the export is done",
            () => (export = cluster.Statuses.Select(status => status.Export).FirstOrDefault(it => it is not null)) is not null,
            cancellation);
        EndChange();
        var exported = export!;
        view.Say(exported.Failure is null ? "exported to the warehouse" : $"the export failed: {exported.Failure}");
        var verdict = await Verdict.OfAsync(cluster, result.Truth, cancellation);
        var (isRefuted, verified) = await cluster.VerifyAsync(cancellation);
        await StopAllAsync();
        view.Conclude(verdict, verified, _gaps);
        return verdict.IsExact && !isRefuted && exported.Failure is null;
    }

    private async Task StoryAsync(int started, CancellationToken cancellation)
    {
        if (started < options.Nodes)
        {
            await UntilProducedAsync(0.2, cancellation);
            BeginChange($"node {options.Nodes} joined");
            await AddAsync(cluster.Nodes[^1], options.Nodes, cancellation);
            await TakeShareAsync(cluster.Nodes[^1], cancellation);
        }

        if (!options.Kill)
            return;
        await UntilProducedAsync(0.4, cancellation);
        var victim = cluster.Nodes[(int)(Math.Abs(options.Seed) % options.Nodes)];
        BeginChange($"node {victim.Number} killed");
        view.Say($"kill -9 of node {victim.Number}");
        victim.Kill();
        if (options.Nodes > 1)
        {
            await cluster.UntilAsync(
                $"the others have taken over from node {victim.Number}",
                () => victim.Status is null && cluster.IsEveryPartitionRead && cluster.Gaps.Open < Still,
                cancellation);
            view.Say($"the others have taken over from node {victim.Number}");
        }

        BeginChange($"node {victim.Number} came back");
        await AddAsync(victim, options.Nodes, cancellation);
        await TakeShareAsync(victim, cancellation);
    }

    private async Task AddAsync(NodeProcess node, int members, CancellationToken cancellation)
    {
        view.Say($"node {node.Number} starts");
        node.Start();
        await cluster.UntilAsync(
            $"node {node.Number} is up and every partition is read",
            () => node.Status is not null && cluster.MembersUp >= members && cluster.IsEveryPartitionRead
                && cluster.Gaps.Open < Still,
            cancellation);
        view.Say($"node {node.Number} is up at {node.Address}, the cluster has {members}");
    }

    // Shards start with the first events, so only a node that joins while they flow can wait for its share.
    private async Task TakeShareAsync(NodeProcess node, CancellationToken cancellation)
    {
        await cluster.UntilAsync(
            $"node {node.Number} has its share of the shards",
            () => node.Status is { Shards: > 0 } && cluster.IsEveryPartitionRead && cluster.Gaps.Open < Still,
            cancellation);
        view.Say($"node {node.Number} has its share of the work");
    }

    private Task UntilProducedAsync(double fraction, CancellationToken cancellation) => cluster.UntilAsync(
        "events flow", () => cluster.Progress is { } progress && progress.Produced >= fraction * options.Events, cancellation);

    private void BeginChange(string change)
    {
        EndChange();
        _change = change;
    }

    private void EndChange()
    {
        if (_change is not null)
            _gaps.Add((_change, cluster.Gaps.Longest));
        _change = null;
        cluster.Gaps.Begin();
    }

    private async Task StopAllAsync()
    {
        foreach (var node in cluster.Nodes.Where(node => node.IsRunning).Reverse())
        {
            var exitCode = await node.StopAsync();
            view.Say(exitCode == 0
                ? $"node {node.Number} has left"
                : $"node {node.Number} ended with {exitCode}; see {node.LogFile}");
        }
    }
}
