using Akka.Actor;
using Akka.Event;
using Confluent.Kafka;

namespace Pulse.Actors.Coordination;

/// <summary>
/// Reads the completion topic for its parent, the coordinator: one completion at a time, the next only after the
/// <see cref="CompletionConfirmed"/> of the one before. Stops on <see cref="StopCoordinator"/>, after its reader has
/// let go.
/// </summary>
public sealed class CompletionListener : ReceiveActor
{
    private readonly CompletionReader _reader;

    private CompletionListener(ClientConfig connection, string topic, string ingestGroup)
    {
        var self = Self;
        _reader = new CompletionReader(
            connection, topic, ingestGroup + GroupSuffix, Context.GetLogger(), completion => self.Tell(completion));

        Receive<CompletionReceived>(completion => Context.Parent.Tell(completion));
        Receive<CompletionConfirmed>(confirmed => _reader.Confirm(confirmed));
        Receive<StopCoordinator>(_ => _reader.StopAsync().PipeTo(self, self, () => new ReaderStopped()));
        Receive<ReaderStopped>(_ => Context.Stop(Self));
    }

    /// <summary>What the completion group's name has after the ingest group's: the two must not share commits.</summary>
    public const string GroupSuffix = "-completion";

    /// <summary>Makes the listener.</summary>
    /// <param name="connection">Where the brokers are and how to log in; not changed.</param>
    /// <param name="topic">The completion topic; it need not exist yet.</param>
    /// <param name="ingestGroup">The ingest's consumer group, of which the completion group's name is made.</param>
    public static Props Props(ClientConfig connection, string topic, string ingestGroup) =>
        Akka.Actor.Props.CreateBy(new Producer(connection, topic, ingestGroup));

    /// <inheritdoc />
    protected override void PreStart() => _reader.Start();

    /// <inheritdoc />
    protected override void PostStop() => _ = _reader.StopAsync();

    private sealed record ReaderStopped;

    private sealed class Producer(ClientConfig connection, string topic, string ingestGroup) : IIndirectActorProducer
    {
        public Type ActorType => typeof(CompletionListener);

        public ActorBase Produce() => new CompletionListener(connection, topic, ingestGroup);

        public void Release(ActorBase actor)
        {
        }
    }
}
