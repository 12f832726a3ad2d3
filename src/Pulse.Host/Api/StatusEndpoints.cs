using Akka.Actor;
using Akka.Cluster;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;

namespace Pulse.Host.Api;

/// <summary><c>GET /api/status</c>: what this node does, as JSON.</summary>
internal static class StatusEndpoints
{
    public static void MapStatus(this WebApplication application) =>
        application.MapGet("/api/status", (
            IngestStatistics ingest,
            DeadLetterStatistics deadLetters,
            BucketStatistics buckets,
            StorageAvailability storage,
            LatestExport export,
            ClusterView view,
            Balances balances,
            ActorSystem system) => new NodeStatus(
                ingest.Consumed,
                ingest.DeadLettered,
                ingest.Lag,
                ingest.SessionRestarts,
                ingest.LastCommit,
                [
                    .. ingest.Partitions.Select(partition => new NodePartition(
                        partition.Partition, partition.Position, partition.Committed, partition.End)),
                ],
                buckets.Running,
                view.SelfStatus?.Shards ?? 0,
                buckets.Checkpoints,
                buckets.LastCheckpoint,
                storage.IsAvailable,
                storage.Problem,
                buckets.Standing,
                [.. balances.All.Select(each => new NodeBalance(each.Rollup, CutOf(each.AtCut)))],
                Members(Cluster.Get(system).State),
                export.Outcome is { } outcome ? new NodeExport(outcome.EndedUtc, outcome.Failure) : null)
            {
                DeadLettersWaiting = deadLetters.Waiting,
                DeadLetterProblem = deadLetters.Problem,
            });

    private static NodeCut? CutOf(RollupBalance? seen) => seen is { Balance: var balance }
        ? new NodeCut(
            seen.SeenUtc, balance.Consumed, balance.Counted, balance.Late, balance.Dead, balance.Filtered, balance.IsEven, seen.Problem)
        : null;

    private static List<NodeMember> Members(ClusterEvent.CurrentClusterState state) =>
    [
        .. state.Members.Select(member => new NodeMember(
            $"{member.Address.Host}:{member.Address.Port}",
            state.Unreachable.Contains(member) ? "Unreachable" : member.Status.ToString())),
    ];
}
