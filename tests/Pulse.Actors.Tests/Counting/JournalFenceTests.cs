using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Storage;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Counting;

/// <summary>
/// What the counting protocol takes for granted of the journal, and what it must not: the fence of unique sequence
/// numbers has holes where events were deleted, but the highest number tells.
/// </summary>
public sealed class JournalFenceTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly List<ActorSystem> _nodes = [];
    private TestStorage _storage = null!;

    public async ValueTask InitializeAsync() =>
        _storage = await TestStorage.CreatePreparedAsync(StorageKind.Sqlite, postgres);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.Terminate();
        await _storage.DisposeAsync();
    }

    [Fact]
    public async Task A_number_that_is_taken_is_refused()
    {
        var (stale, successor) = (StartWriter("stale"), StartWriter("successor"));
        Assert.Equal(0, await Ask(stale, Command.Highest));
        Assert.Equal(1, await Ask(successor, Command.Write));

        Assert.Equal(Writer.Refused, await Ask(stale, Command.Write));
    }

    [Fact]
    public async Task A_number_that_was_deleted_is_free_again_but_the_highest_number_tells()
    {
        var (stale, successor) = (StartWriter("stale"), StartWriter("successor"));
        Assert.Equal(0, await Ask(stale, Command.Highest));
        for (var number = 1; number <= 3; number++)
            Assert.Equal(number, await Ask(successor, Command.Write));
        Assert.Equal(2, await Ask(successor, Command.DeleteAllButLast));

        Assert.Equal(1, await Ask(stale, Command.Write));
        Assert.Equal(3, await Ask(stale, Command.Highest));
    }

    private static Task<long> Ask(IActorRef writer, Command command) => writer.Ask<long>(command, Limit);

    private IActorRef StartWriter(string node)
    {
        _nodes.Add(ActorSystem.Create(
            node, ConfigurationFactory.ParseString("akka.loglevel = OFF").WithFallback(PersistenceConfiguration.For(_storage.Options))));
        return _nodes[^1].ActorOf(Props.Create<Writer>());
    }

    internal enum Command
    {
        Write,
        DeleteAllButLast,
        Highest,
    }

    private sealed class Writer : ReceivePersistentActor
    {
        public const long Refused = -1;

        private IActorRef _asker = ActorRefs.Nobody;

        public Writer()
        {
            Command<Command>(Handle);
            Command<DeleteMessagesSuccess>(deleted => _asker.Tell(deleted.ToSequenceNr));
            Command<RecoverySuccess>(read => _asker.Tell(read.HighestSequenceNr));
        }

        public override string PersistenceId => "bucket";

        protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) => _asker.Tell(Refused);

        private void Handle(Command command)
        {
            _asker = Sender;
            switch (command)
            {
                case JournalFenceTests.Command.Write:
                    Persist("checkpoint", _ => _asker.Tell(LastSequenceNr));
                    break;
                case JournalFenceTests.Command.DeleteAllButLast:
                    DeleteMessages(LastSequenceNr - 1);
                    break;
                case JournalFenceTests.Command.Highest:
                    // Replays nothing, and answers with the highest number.
                    Persistence.Instance.Apply(Context.System).JournalFor("")
                        .Tell(new ReplayMessages(0, 0, 0, PersistenceId, Self));
                    break;
            }
        }
    }
}
