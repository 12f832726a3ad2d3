using Akka.Cluster.Sharding;

namespace Pulse.Actors.Buckets;

/// <summary>
/// Routes messages to buckets by entity id. The number of shards is fixed for the life of a cluster: every node must
/// compute the same shard for the same bucket.
/// </summary>
/// <param name="shards">The number of shards, about ten times the number of nodes one day expected.</param>
public sealed class BucketMessageExtractor(int shards) : HashCodeMessageExtractor(shards)
{
    /// <inheritdoc />
    public override string? EntityId(object message) => (message as IBucketMessage)?.Bucket.EntityId;
}
