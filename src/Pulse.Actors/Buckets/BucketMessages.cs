using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>A message for one bucket; sharding routes it by the bucket's entity id.</summary>
public interface IBucketMessage
{
    /// <summary>The bucket it is for.</summary>
    BucketId Bucket { get; }
}

/// <summary>The hand-off's stop message: store what is not stored yet, then stop.</summary>
public sealed record StopBucket
{
    /// <summary>The only one that is needed.</summary>
    public static StopBucket Instance { get; } = new();
}
