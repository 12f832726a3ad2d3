using Akka.Actor;
using Pulse.Actors.Buckets;

namespace Pulse.Benchmarks.Nodes;

/// <summary>What an ingestor is to a bucket: it asks, and waits until everything is answered.</summary>
internal sealed class Asker : ReceiveActor
{
    private Questions? _current;
    private int _unanswered;

    public Asker()
    {
        Receive<Questions>(Ask);
        Receive<PartitionRejected>(answer => _current?.Answered.TrySetException(
            new InvalidOperationException($"Bucket {answer.Bucket} rejected what {answer.Partition} said.")));
        Receive<IPartitionAnswer>(_ =>
        {
            if (--_unanswered == 0)
                _current?.Answered.TrySetResult();
        });
    }

    private void Ask(Questions questions)
    {
        _current = questions;
        _unanswered = questions.Requests.Count;
        foreach (var request in questions.Requests)
            questions.To.Tell(request);
        questions.Told.TrySetResult();
    }
}
