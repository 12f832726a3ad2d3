using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;

namespace Pulse.Host.Api;

/// <summary><c>GET /api/status</c>: what this node does, as JSON.</summary>
internal static class StatusEndpoints
{
    public static void MapStatus(this WebApplication application) =>
        application.MapGet("/api/status", (
            IngestStatistics ingest, BucketStatistics buckets, StorageAvailability storage) => new NodeStatus(
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
                buckets.Checkpoints,
                buckets.LastCheckpoint,
                storage.IsAvailable,
                storage.Problem));

    /// <summary>One node's status.</summary>
    /// <param name="Consumed">Records read since the node started; replayed ones again.</param>
    /// <param name="DeadLettered">Records sent to the dead-letter topic since the node started.</param>
    /// <param name="Lag">Records in the node's partitions that were not handled yet.</param>
    /// <param name="SessionRestarts">How often an ingestor had to start over.</param>
    /// <param name="LastCommit">UTC.</param>
    /// <param name="Partitions">The partitions that the node reads.</param>
    /// <param name="Buckets">Buckets in memory.</param>
    /// <param name="Checkpoints">Checkpoints stored since the node started.</param>
    /// <param name="LastCheckpoint">UTC.</param>
    /// <param name="StorageAvailable">Whether storage answers.</param>
    /// <param name="StorageProblem">Why not.</param>
    private sealed record NodeStatus(
        long Consumed,
        long DeadLettered,
        long Lag,
        long SessionRestarts,
        DateTime? LastCommit,
        IReadOnlyList<NodePartition> Partitions,
        int Buckets,
        long Checkpoints,
        DateTime? LastCheckpoint,
        bool StorageAvailable,
        string? StorageProblem);

    private sealed record NodePartition(int Partition, long Position, long Committed, long End);
}
