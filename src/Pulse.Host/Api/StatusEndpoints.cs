using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;

namespace Pulse.Host.Api;

/// <summary><c>GET /api/status</c>: what this node does, as JSON.</summary>
internal static class StatusEndpoints
{
    private static readonly TimeSpan RegionTimeout = TimeSpan.FromSeconds(1);

    public static void MapStatus(this WebApplication application) =>
        application.MapGet("/api/status", async (
            IngestStatistics ingest,
            BucketStatistics buckets,
            StorageAvailability storage,
            LatestExport export,
            ActorSystem system,
            IRequiredActor<Bucket> region) => new NodeStatus(
                ingest.Consumed,
                ingest.DeadLettered,
                ingest.Lag,
                ingest.SessionRestarts,
                ingest.Skipped,
                ingest.LastCommit,
                [
                    .. ingest.Partitions.Select(partition => new NodePartition(
                        partition.Partition, partition.Position, partition.Committed, partition.End)),
                ],
                buckets.Running,
                await ShardsAsync(region.ActorRef),
                buckets.Checkpoints,
                buckets.LastCheckpoint,
                storage.IsAvailable,
                storage.Problem,
                Members(Cluster.Get(system).State),
                export.Outcome is { } outcome ? new NodeExport(outcome.EndedUtc, outcome.Failure) : null));

    private static async Task<int> ShardsAsync(IActorRef region)
    {
        try
        {
            return (await region.Ask<ShardRegionStats>(GetShardRegionStats.Instance, RegionTimeout)).Stats.Count;
        }
        catch (AskTimeoutException)
        {
            // The region is starting or being handed over.
            return 0;
        }
    }

    private static List<NodeMember> Members(ClusterEvent.CurrentClusterState state) =>
    [
        .. state.Members.Select(member => new NodeMember(
            $"{member.Address.Host}:{member.Address.Port}",
            state.Unreachable.Contains(member) ? "Unreachable" : member.Status.ToString())),
    ];
}
