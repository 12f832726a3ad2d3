using Akka.Actor;
using Akka.Persistence;

namespace Pulse.Actors.Tests.Storage;

/// <summary>The smallest persistent actor: it remembers lines.</summary>
public sealed class Notebook : ReceivePersistentActor
{
    private List<string> _lines = [];
    private IActorRef _asker = ActorRefs.Nobody;

    public Notebook(string id)
    {
        PersistenceId = id;
        Recover<string>(line => _lines.Add(line));
        Recover<SnapshotOffer>(offer => _lines = [.. (string[])offer.Snapshot]);
        Command<Read>(_ => Sender.Tell(string.Join(", ", _lines)));
        Command<Write>(write =>
        {
            _asker = Sender;
            Persist(write.Line, line =>
            {
                _lines.Add(line);
                Sender.Tell("written");
            });
        });
        Command<SaveSnapshot>(_ =>
        {
            _asker = Sender;
            SaveSnapshot(_lines.ToArray());
        });
        Command<DeleteTo>(delete =>
        {
            _asker = Sender;
            DeleteMessages(delete.SequenceNumber);
        });
        Command<SaveSnapshotSuccess>(_ => _asker.Tell("saved"));
        Command<DeleteMessagesSuccess>(_ => _asker.Tell("deleted"));
    }

    public override string PersistenceId { get; }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        _asker.Tell(new Status.Failure(cause));
        base.OnPersistFailure(cause, @event, sequenceNr);
    }

    public sealed record Write(string Line);

    public sealed record DeleteTo(long SequenceNumber);

    public sealed class Read
    {
        public static readonly Read Instance = new();
    }

    public new sealed class SaveSnapshot
    {
        public static readonly SaveSnapshot Instance = new();
    }
}
