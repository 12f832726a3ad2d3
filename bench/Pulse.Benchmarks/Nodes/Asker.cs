using Akka.Actor;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;

namespace Pulse.Benchmarks.Nodes;

/// <summary>What an ingestor is to a bucket: it asks, and waits until everything is answered.</summary>
internal sealed class Asker : ReceiveActor
{
    private Questions? _current;
    private int _unanswered;

    public Asker()
    {
        Receive<Questions>(Ask);
        Receive<IPartitionAnswer>(Take);
        Receive<PartitionAnswers>(message =>
        {
            foreach (var answer in message.Answers)
                Take(answer);
        });
    }

    private void Ask(Questions questions)
    {
        _current = questions;
        _unanswered = questions.Requests.Count;
        if (questions.AreTogether)
            questions.To.Tell(new PartitionRequests(questions.Requests));
        else
        {
            foreach (var request in questions.Requests)
                questions.To.Tell(request);
        }

        questions.Told.TrySetResult();
    }

    private void Take(IPartitionAnswer answer)
    {
        if (answer is PartitionRejected rejected)
            _current?.Answered.TrySetException(
                new InvalidOperationException($"Bucket {rejected.Bucket} rejected what {rejected.Partition} said."));
        else if (--_unanswered == 0)
            _current?.Answered.TrySetResult();
    }
}
