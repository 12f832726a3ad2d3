using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// An ingestor's way to its partition: brings it one batch when it asks for one, seeks, and asks what the log holds. What
/// fails comes back as <see cref="Status.Failure"/>.
/// </summary>
/// <param name="consumer">The node's consumer.</param>
/// <param name="assigned">The partition.</param>
/// <param name="ingestor">Receives batches, <see cref="BatchSignal"/>, <see cref="Sought"/> and <see cref="LogSpan"/>.</param>
internal sealed class PartitionReader(KafkaConsumer consumer, AssignedPartition assigned, IActorRef ingestor)
{
    private IActorRef? _source;

    /// <summary>Makes the ingestor the reader of the partition's batches.</summary>
    public void Start(IMaterializer materializer) => assigned.Batches.RunWith(
        Sink.ActorRefWithAck<RecordBatch>(
                ingestor, BatchSignal.Begin, BatchSignal.Next, BatchSignal.End, _ => BatchSignal.End)
            .WithAttributes(Attributes.CreateInputBuffer(1, 1)),
        materializer);

    /// <summary>The ingestor has begun, or has a batch: it may ask for the next one.</summary>
    /// <param name="source">Who sent it.</param>
    public void MayAsk(IActorRef source) => _source = source;

    /// <summary>Asks for the next batch, if it has come to the one before it.</summary>
    public void AskForBatch()
    {
        _source?.Tell(BatchSignal.Next);
        _source = null;
    }

    /// <inheritdoc cref="KafkaConsumer.SeekAsync" path="/summary" />
    public void Seek(SessionEffect.Seek seek) => consumer.SeekAsync(assigned, seek.Position, seek.Reading)
        .PipeTo(ingestor, success: isInLog => new Sought(seek.Reading, isInLog));

    /// <inheritdoc cref="KafkaConsumer.LogSpanAsync" path="/summary" />
    public void AskLogSpan(SessionEffect.AskLogSpan ask) => consumer.LogSpanAsync(assigned)
        .PipeTo(ingestor, success: span => new LogSpan(ask.Question, span.Begin, span.End));
}
