using Akka.Actor;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Counting;

namespace Pulse.Benchmarks.Delivery;

/// <summary>What an ingestor is to buckets: it says what it has to say, and waits until all of it is answered.</summary>
internal sealed class Sender : ReceiveActor
{
    private Shipment? _current;
    private int _unanswered;

    public Sender()
    {
        Receive<Shipment>(Send);
        Receive<BucketReplies>(message => Take(message.Answers));
        Receive<SessionAnswers>(message => Take(message.Answers));
    }

    private void Send(Shipment shipment)
    {
        _current = shipment;
        _unanswered = shipment.Requests.Count;
        if (shipment.IsThroughOutbox)
            shipment.To.Tell(new SessionRequests(shipment.Partition, shipment.Requests));
        else
        {
            foreach (var request in shipment.Requests)
                shipment.To.Tell(MessageOf(shipment.Partition, request));
        }

        shipment.Told.TrySetResult();
    }

    private static BucketRequests MessageOf(StreamPartition partition, SessionEffect request) => request switch
    {
        SessionEffect.AskPosition ask =>
            new BucketRequests(ask.Bucket, ask.Version, [new PositionQuestion(partition, ask.Session)], [], []),
        SessionEffect.SendDelta send =>
            new BucketRequests(send.Bucket, send.Delta.Version, [], [new SessionDelta(send.Session, send.Delta)], []),
        _ => throw new ArgumentException($"{request} is not sent here.", nameof(request)),
    };

    private void Take(IReadOnlyList<BucketAnswer> answers)
    {
        foreach (var answer in answers)
        {
            if (answer.Kind is not (AnswerKind.Position or AnswerKind.Applied))
                _current?.Answered.TrySetException(
                    new InvalidOperationException($"{answer.Bucket} did not apply a delta: {answer.Kind}."));
            else if (--_unanswered == 0)
                _current?.Answered.TrySetResult();
        }
    }
}
