using Akka.Actor;
using Akka.Actor.Dsl;
using Pulse.Actors.Storage;

namespace Pulse.Actors.Tests.Storage;

/// <summary>Stands for buckets: counts the writer's answers.</summary>
internal sealed class Asker
{
    private int _answers;

    public Asker(ActorSystem node) =>
        Reference = node.ActorOf(dsl => dsl.Receive<ResultsWritten>((_, _) => Interlocked.Increment(ref _answers)));

    public IActorRef Reference { get; }

    public int Answers => Volatile.Read(ref _answers);

    public Task AnsweredAsync(int answers) => Until.TrueAsync(() => Answers == answers);
}
