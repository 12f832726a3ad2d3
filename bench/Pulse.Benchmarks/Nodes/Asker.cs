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
        Receive<PartitionRejected>(answer => _current?.Answered.TrySetException(
            new InvalidOperationException($"Bucket {answer.Bucket} rejected what {answer.Partition} said.")));
        Receive<IPartitionAnswer>(_ => Answered(1));
        Receive<PartitionAnswers>(message =>
        {
            if (message.Answers.OfType<PartitionRejected>().FirstOrDefault() is { } rejected)
                Self.Forward(rejected);
            Answered(message.Answers.Count);
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

    private void Answered(int answers)
    {
        _unanswered -= answers;
        if (_unanswered == 0)
            _current?.Answered.TrySetResult();
    }
}
