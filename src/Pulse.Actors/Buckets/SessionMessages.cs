using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>
/// What the sessions of a node say to one bucket at once. The bucket takes the questions first, then the deltas, then the
/// empty ones; of one session, each of the three is in the order in which it was said.
/// </summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Version">The version of its rollup that the sessions count by.</param>
/// <param name="Questions">Sessions that ask where the bucket stands.</param>
/// <param name="Deltas">What was counted for it.</param>
/// <param name="EmptyDeltas">Partitions that hold nothing more for it.</param>
internal sealed record BucketRequests(
    BucketId Bucket,
    VersionDigest Version,
    IReadOnlyList<PositionQuestion> Questions,
    IReadOnlyList<SessionDelta> Deltas,
    IReadOnlyList<EmptyDelta> EmptyDeltas) : IBucketMessage;

/// <summary>A session asks where a bucket stands in its partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Session">The session.</param>
internal readonly record struct PositionQuestion(StreamPartition Partition, SessionId Session);

/// <summary>A session brings a delta.</summary>
/// <param name="Session">The session.</param>
/// <param name="Delta">The delta.</param>
internal readonly record struct SessionDelta(SessionId Session, Delta Delta);

/// <summary>What a bucket answers to <see cref="BucketRequests"/>, in the order in which it took them.</summary>
/// <param name="Answers">All of one bucket; not empty.</param>
internal sealed record BucketReplies(IReadOnlyList<BucketAnswer> Answers)
{
    /// <summary>What an answer takes at most as it is written down.</summary>
    internal const int BytesPerAnswer = 72;
}
