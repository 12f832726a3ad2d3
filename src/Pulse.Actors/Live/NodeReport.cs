using Akka.Actor;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Actors.Storage;

namespace Pulse.Actors.Live;

/// <summary>Says what this node does.</summary>
/// <param name="Ingest">Its ingest side.</param>
/// <param name="DeadLetters">Its sink of dead letters.</param>
/// <param name="Buckets">Its buckets.</param>
/// <param name="Storage">How storage looks from here.</param>
public sealed record NodeReport(
    IngestStatistics Ingest, DeadLetterStatistics DeadLetters, BucketStatistics Buckets, StorageAvailability Storage)
{
    internal NodeStatus Now(string node, Address address, int shards) => new(
        node,
        $"{address.Host}:{address.Port}",
        DateTime.UtcNow,
        Ingest.Consumed,
        Ingest.DeadLettered,
        Ingest.SessionRestarts,
        Buckets.Running,
        shards,
        Buckets.Checkpoints,
        Buckets.LastCheckpoint,
        Ingest.LastCommit,
        Storage.Problem ?? Buckets.Problem ?? Buckets.FullProblem ?? Buckets.ApartProblem,
        [
            .. Ingest.Partitions.Select(partition => new NodePartition(
                partition.Partition, partition.Position, partition.Committed, partition.Standing ?? Ingest.Stuck)),
        ])
    {
        DeadLetterProblem = DeadLetters.Problem,
        FormatProblem = Ingest.Formats.Problem,
    };
}
