using Akka.Actor;
using Pulse.Counting;

namespace Pulse.Actors.Ingest.Sinks;

/// <summary>A partition whose bad records a <see cref="DeadLetterSink"/> sends. Used by its sink alone.</summary>
/// <param name="partition">The partition.</param>
/// <param name="ingestor">Who reads it, and tells where bad records are.</param>
internal sealed class SinkPartition(StreamPartition partition, IActorRef ingestor)
{
    private const int MaximumEarly = 64;

    private readonly List<RecordsHandled> _early = [];

    /// <summary>The partition.</summary>
    public StreamPartition Partition { get; } = partition;

    /// <summary>Who reads it.</summary>
    public IActorRef Ingestor { get; } = ingestor;

    /// <summary>What has to be sent; null until the stored position was read.</summary>
    public SinkBacklog? Backlog { get; private set; }

    /// <summary>The range that the courier looks through now.</summary>
    public SinkReading? Reading { get; set; }

    /// <summary>The position that storage has.</summary>
    public long Stored { get; set; }

    /// <summary>Whether storage lacks something.</summary>
    public bool HasMoved => Backlog is { } backlog && backlog.Position > Stored;

    /// <summary>
    /// Hears which records were handled. Before its position is known it remembers a few of such messages; what it forgets is
    /// found by looking.
    /// </summary>
    public void Hear(RecordsHandled message)
    {
        if (Backlog is { } backlog)
            backlog.Handled(message.From, message.To, message.Bad);
        else if (_early.Count < MaximumEarly)
            _early.Add(message);
    }

    /// <summary>Begins at the stored position.</summary>
    public void Begin(long stored)
    {
        (Backlog, Stored) = (new SinkBacklog(stored), stored);
        _early.ForEach(Hear);
        _early.Clear();
    }
}
