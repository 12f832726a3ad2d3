using Pulse.Counting;

namespace Pulse.Simulation.Tests.Cluster;

/// <summary>A message under way.</summary>
internal abstract record SimulatedMessage
{
    /// <summary>A session asks a bucket.</summary>
    public sealed record Ask(BucketId Bucket, StreamPartition Partition, VersionDigest Version, SessionId Session) : SimulatedMessage;

    /// <summary>A session sends a delta.</summary>
    public sealed record Counts(BucketId Bucket, SessionId Session, Delta Content) : SimulatedMessage;

    /// <summary>The sessions of a node send their empty deltas.</summary>
    public sealed record Empties(BucketId Bucket, VersionDigest Version, IReadOnlyList<EmptyDelta> Deltas) : SimulatedMessage;

    /// <summary>A bucket answers.</summary>
    public sealed record Answer(BucketAnswer Content) : SimulatedMessage;

    /// <summary>The database or the broker answers one actor; it happens when the actor can hear it.</summary>
    public sealed record Reply(SimulatedNode Node, Action Happens) : SimulatedMessage;
}
