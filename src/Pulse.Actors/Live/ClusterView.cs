using System.Collections.Concurrent;
using System.Diagnostics;

namespace Pulse.Actors.Live;

/// <summary>What the nodes of the cluster told of themselves. Thread-safe.</summary>
public sealed class ClusterView
{
    private readonly ConcurrentDictionary<string, NodeStatus> _nodes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (NodeStatus Status, double? PerSecond)> _rates = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _heard = new(StringComparer.Ordinal);

    /// <summary>This node's unique address; empty before it joined.</summary>
    public string Self { get; internal set; } = "";

    /// <summary>What this node told last; null before it first did.</summary>
    public NodeStatus? SelfStatus => _nodes.GetValueOrDefault(Self);

    /// <summary>The newest word of every node of the cluster, by address.</summary>
    public IReadOnlyList<NodeStatus> Nodes => [.. _nodes.Values.OrderBy(node => node.Address, StringComparer.Ordinal)];

    /// <summary>The newest word of each node from which one came lately, by this node's clock.</summary>
    public IReadOnlyList<NodeStatus> HeardWithin(TimeSpan age) =>
    [
        .. Nodes.Where(node => _heard.TryGetValue(node.Node, out var at) && Stopwatch.GetElapsedTime(at) <= age),
    ];

    /// <summary>Records a second that all nodes read lately; null before one of them has told twice.</summary>
    public double? TotalEventsPerSecond =>
        _rates.Values.Select(rate => rate.PerSecond).Aggregate((double?)null, (sum, rate) => rate is null ? sum : (sum ?? 0) + rate);

    /// <summary>Records a second that a node read lately.</summary>
    public double EventsPerSecond(string node) => _rates.TryGetValue(node, out var rate) ? rate.PerSecond ?? 0 : 0;

    internal void Told(NodeStatus status)
    {
        _nodes[status.Node] = status;
        _heard[status.Node] = Stopwatch.GetTimestamp();
        _rates.AddOrUpdate(
            status.Node,
            _ => (status, null),
            (_, before) =>
            {
                var seconds = (status.AtUtc - before.Status.AtUtc).TotalSeconds;
                return seconds <= 0 ? before : (status, (status.Consumed - before.Status.Consumed) / seconds);
            });
    }

    internal void Left(string node)
    {
        _nodes.TryRemove(node, out _);
        _rates.TryRemove(node, out _);
        _heard.TryRemove(node, out _);
    }
}
