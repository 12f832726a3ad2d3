using Akka.Actor;
using Akka.Cluster;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Gaps;

namespace Pulse.Host.Api;

/// <summary><c>GET /api/status</c>: what this node does, and what it knows of the stream and the cluster, as JSON.</summary>
internal static class StatusEndpoints
{
    public const string Path = "/api/status";

    public static void MapStatus(this WebApplication application) =>
        application.MapGet(Path, (
            IngestStatistics ingest,
            DeadLetterStatistics deadLetters,
            BucketStatistics buckets,
            StorageAvailability storage,
            LatestExport export,
            ClusterView view,
            StreamView stream,
            Balances balances,
            StoredGaps gaps,
            ActorSystem system) =>
        {
            var (state, nodes, cluster) = (stream.State, view.Nodes, Cluster.Get(system));
            var address = Name(cluster.SelfAddress);
            return new NodeStatus(
                address,
                ingest.Consumed,
                ingest.DeadLettered,
                state.Lag,
                ingest.SessionRestarts,
                ingest.LastCommit,
                state.Stream,
                state.KafkaAnsweredUtc,
                state.KafkaProblem,
                Partitions(state, ingest, address),
                state.Standing.Count(),
                buckets.Running,
                view.SelfStatus?.Shards ?? 0,
                buckets.Checkpoints,
                buckets.LastCheckpoint,
                storage.IsAvailable,
                storage.Problem,
                buckets.Standing,
                ingest.Refusal ?? buckets.Unconfirmed,
                [.. balances.All.Select(each => new NodeBalance(each.Rollup, CutOf(each.AtCut)))],
                gaps.Records(GapKind.Retention) is { } lost ? new NodeGaps(lost, gaps.Records(GapKind.Cut) ?? 0) : null,
                nodes.Where(node => node.Buckets > 0).Min(node => node.LastCheckpointUtc),
                Members(cluster.State),
                [
                    .. nodes.Select(node => new NodeOverview(
                        node.Address,
                        view.EventsPerSecond(node.Node),
                        node.Partitions.Length,
                        state.LagOf(node.Node),
                        node.Buckets,
                        node.LastCheckpointUtc,
                        node.StorageProblem) { FormatProblem = node.FormatProblem }),
                ],
                export.Outcome is { } outcome ? new NodeExport(outcome.EndedUtc, outcome.Failure) : null)
            {
                Apart = buckets.Apart,
                DeadLettersWaiting = deadLetters.Waiting,
                DeadLetterProblem = deadLetters.Problem,
                FormatProblem = ingest.Formats.Problem,
            };
        }).Takes();

    // Of those that this node reads it knows more than it told.
    private static List<NodePartition> Partitions(StreamState state, IngestStatistics ingest, string address)
    {
        var here = ingest.Partitions.ToDictionary(status => status.Partition);
        var count = Math.Max(state.Partitions.Length, here.Keys.DefaultIfEmpty(-1).Max() + 1);
        var partitions = new List<NodePartition>(count);
        for (var number = 0; number < count; number++)
        {
            var known = number < state.Partitions.Length ? state.Partitions[number] : new PartitionState(number);
            var read = here.GetValueOrDefault(number);
            partitions.Add(new NodePartition(
                number,
                read is not null,
                read is null ? known.ReaderAddress : address,
                known.HasLeader,
                read?.Position ?? known.Position,
                known.Stored,
                known.Begin,
                known.End,
                known.Lag,
                known.Standing?.Why,
                known.Standing?.SinceUtc));
        }

        return partitions;
    }

    private static NodeCut? CutOf(RollupBalance? seen) => seen is { Balance: var balance }
        ? new NodeCut(
            seen.SeenUtc, balance.Consumed, balance.Counted, balance.Late, balance.Dead, balance.Filtered, balance.IsEven, seen.Problem)
        : null;

    private static List<NodeMember> Members(ClusterEvent.CurrentClusterState state) =>
    [
        .. state.Members.Select(member => new NodeMember(
            Name(member.Address), state.Unreachable.Contains(member) ? "Unreachable" : member.Status.ToString())),
    ];

    private static string Name(Address address) => $"{address.Host}:{address.Port}";
}
