using Akka.Actor;
using Akka.Event;
using Pulse.Actors.Broker;

namespace Pulse.Actors.Coordination;

/// <summary>
/// Reads the completion topic for its parent, the coordinator: one completion at a time, the next only after the
/// <see cref="CompletionConfirmed"/> of the one before. Begins on <see cref="ReadCompletions"/>, and stops on
/// <see cref="StopCoordinator"/>, after its reader has let go.
/// </summary>
public sealed class CompletionListener : ReceiveActor
{
    private readonly CompletionReader _reader;

    private CompletionListener(KafkaSettings kafka, TopicQuestions questions)
    {
        var self = Self;
        _reader = new CompletionReader(kafka, questions, Context.GetLogger(), completion => self.Tell(completion));

        Receive<ReadCompletions>(begin => _reader.Start(begin.Seen));
        Receive<CompletionReceived>(completion => Context.Parent.Tell(completion));
        Receive<CompletionConfirmed>(confirmed => _reader.Confirm(confirmed));
        Receive<StopCoordinator>(_ => _reader.StopAsync().PipeTo(self, self, () => new ReaderStopped()));
        Receive<ReaderStopped>(_ => Context.Stop(Self));
    }

    /// <summary>What the completion group's name has after the ingest group's: the two must not share commits.</summary>
    public const string GroupSuffix = "-completion";

    /// <summary>Makes the listener.</summary>
    /// <param name="kafka">How to reach Kafka; the completion topic need not exist yet.</param>
    /// <param name="questions">Says which stream that topic is.</param>
    public static Props Props(KafkaSettings kafka, TopicQuestions questions) => Akka.Actor.Props.CreateBy(new Producer(kafka, questions));

    /// <inheritdoc />
    protected override void PostStop() => _ = _reader.StopAsync();

    private sealed record ReaderStopped;

    private sealed class Producer(KafkaSettings kafka, TopicQuestions questions) : IIndirectActorProducer
    {
        public Type ActorType => typeof(CompletionListener);

        public ActorBase Produce() => new CompletionListener(kafka, questions);

        public void Release(ActorBase actor)
        {
        }
    }
}
