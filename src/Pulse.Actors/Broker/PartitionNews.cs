namespace Pulse.Actors.Broker;

/// <summary>
/// What a reader tells a session of its partition, in order: <see cref="RecordBatch"/>, which says as well where the
/// partition ends, <see cref="PositionNotFound"/>, <see cref="LogCut"/> or <see cref="ReadingRefused"/>. After each of the
/// last three there is nothing more until the session seeks again. What concerns the topic as a whole (made again, no leader,
/// silence) is told by <see cref="TopicQuestions"/>.
/// </summary>
public abstract class PartitionNews
{
    private protected PartitionNews(int reading) => Reading = reading;

    /// <summary>
    /// The number of the seek after which it was found, as whoever sought gave it. News of an older reading are stale and
    /// must be ignored.
    /// </summary>
    public int Reading { get; }
}
