using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using Pulse.Actors.Broker;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// An ingestor's way to its partition: brings it its news one by one as it asks for them, seeks, and asks what the log holds.
/// </summary>
/// <param name="lent">What the node lent it.</param>
/// <param name="ingestor">
/// Receives <see cref="PartitionNews"/>, <see cref="BatchSignal"/> and <see cref="LogSpanAnswer"/>.
/// </param>
internal sealed class PartitionReader(PartitionAcquired lent, IActorRef ingestor)
{
    private IActorRef? _source;

    /// <summary>Makes the ingestor the reader of the partition's news.</summary>
    public void Start(IMaterializer materializer) => lent.Assigned.News.RunWith(
        Sink.ActorRefWithAck<PartitionNews>(
                ingestor, BatchSignal.Begin, BatchSignal.Next, BatchSignal.End, _ => BatchSignal.End)
            .WithAttributes(Attributes.CreateInputBuffer(1, 1)),
        materializer);

    /// <summary>The source is there, or has brought something: it may be asked for more.</summary>
    /// <param name="source">Who sent it.</param>
    public void MayAsk(IActorRef source) => _source = source;

    /// <summary>Asks for more, if what came before has come.</summary>
    public void AskForMore()
    {
        _source?.Tell(BatchSignal.Next);
        _source = null;
    }

    /// <inheritdoc cref="TopicReader.Seek" path="/summary" />
    public void Seek(SessionEffect.Seek seek) => lent.Reader.Seek(lent.Assigned, seek.Position, seek.Reading);

    /// <inheritdoc cref="LogSpans.AskAsync" path="/summary" />
    public void AskLogSpan(SessionEffect.AskLogSpan ask) => lent.Spans.AskAsync(lent.Assigned.Partition.Partition)
        .PipeTo(ingestor, success: span => new LogSpanAnswer(ask.Question, span));
}
