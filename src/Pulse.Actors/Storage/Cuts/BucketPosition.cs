using Pulse.Counting;

namespace Pulse.Actors.Storage.Cuts;

/// <summary>Where a bucket stands in a partition, by its row.</summary>
/// <param name="Version">The number of its version.</param>
/// <param name="Bucket">The bucket.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Position">Its position.</param>
public sealed record BucketPosition(int Version, BucketId Bucket, StreamPartition Partition, LogPosition Position);
