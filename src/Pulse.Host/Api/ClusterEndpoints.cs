using Pulse.Actors.Live;

namespace Pulse.Host.Api;

/// <summary><c>GET /api/cluster</c>: what every node does.</summary>
internal static class ClusterEndpoints
{
    public static void Map(WebApplication application) =>
        application.MapGet("/api/cluster", (ClusterView view, StreamView stream, ReadModel model) => TypedResults.Ok(new ClusterState(
                view.Nodes.Sum(node => view.EventsPerSecond(node.Node)),
                stream.State.Lag,
                model.Delays.Quantile(0.99),
                [
                    .. view.Nodes.Select(node => new ClusterNode(
                        node.Node == view.Self, view.EventsPerSecond(node.Node), stream.State.LagOf(node.Node), node)),
                ])))
            .Takes()
            .WithName("ReadCluster").WithTags("Operations")
            .WithSummary("The nodes: partitions, lag, shards, buckets, checkpoints.");

    /// <summary>The cluster as this node knows it.</summary>
    /// <param name="EventsPerSecond">Over all nodes.</param>
    /// <param name="Lag">Records of the topic that are not stored yet; null while unknown.</param>
    /// <param name="LiveDelayMilliseconds">From a bucket's count to this node's memory, p99 of the newest thousand batches.</param>
    /// <param name="Nodes">The nodes.</param>
    private sealed record ClusterState(
        double EventsPerSecond, long? Lag, long? LiveDelayMilliseconds, IReadOnlyList<ClusterNode> Nodes);

    private sealed record ClusterNode(bool IsThis, double EventsPerSecond, long? Lag, Pulse.Actors.Live.NodeStatus Status);
}
