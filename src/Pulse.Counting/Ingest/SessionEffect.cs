namespace Pulse.Counting;

/// <summary>What <see cref="IngestSession"/> wants to be done. The interpreter does it, and decides nothing.</summary>
public abstract record SessionEffect
{
    private SessionEffect()
    {
    }

    /// <summary>Ask a bucket for its position. It is asked again with each tick until it answers, and while it stands apart.</summary>
    /// <param name="Bucket">The bucket.</param>
    /// <param name="Version">The version that the session counts by.</param>
    /// <param name="Session">The session.</param>
    public sealed record AskPosition(BucketId Bucket, VersionDigest Version, SessionId Session) : SessionEffect;

    /// <summary>
    /// Read from a position on, by offset and epoch, and drop what was read before. Where the log does not hold it, say so
    /// by <see cref="IngestSession.PositionNotFound"/> or <see cref="IngestSession.LogWasCut"/>; where it can't be read, by
    /// <see cref="IngestSession.ReadingRefused"/>.
    /// </summary>
    /// <param name="Position">The position.</param>
    /// <param name="Reading">Counts the seeks: batches of older readings are refused.</param>
    public sealed record Seek(LogPosition Position, int Reading) : SessionEffect;

    /// <summary>Send a delta to a bucket.</summary>
    /// <param name="Bucket">The bucket.</param>
    /// <param name="Session">The session.</param>
    /// <param name="Delta">The delta.</param>
    public sealed record SendDelta(BucketId Bucket, SessionId Session, Delta Delta) : SessionEffect;

    /// <summary>Send an empty delta to a bucket, in one message with those of the node's other partitions.</summary>
    /// <param name="Bucket">The bucket.</param>
    /// <param name="Version">The version that the session counts by.</param>
    /// <param name="Delta">The empty delta.</param>
    public sealed record SendEmptyDelta(BucketId Bucket, VersionDigest Version, EmptyDelta Delta) : SessionEffect;

    /// <summary>
    /// Ask the broker for the first offset that the partition still has, and for its end, in a question that leaves after
    /// this effect. Answer with <see cref="IngestSession.LogSpans"/>; without an answer it is asked again.
    /// </summary>
    /// <param name="Question">To be repeated in the answer.</param>
    public sealed record AskLogSpan(int Question) : SessionEffect;

    /// <summary>Stop: the session has ended.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="Detail">The same for a person, with offsets.</param>
    public sealed record End(SessionEnd Reason, string Detail) : SessionEffect
    {
        /// <summary>Where a log that was cut is another one; null where nobody said it.</summary>
        public LogPosition? CutAt { get; init; }
    }
}
