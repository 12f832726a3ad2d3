using Akka.Actor;
using Akka.Event;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>
/// The sharded actor of one bucket: does what <see cref="BucketCheckpointing"/> says, and decides nothing. What it asks
/// the database goes through its node's <see cref="CheckpointWriter"/>.
/// </summary>
internal sealed class Bucket : ReceiveActor, IWithTimers
{
    private const int MostEarly = 100;
    private static readonly TimeSpan StopInterval = TimeSpan.FromSeconds(1);

    private readonly BucketId _id;
    private readonly Rollup _rollup;
    private readonly BucketContext _context;
    private readonly BucketCheckpointing _machine;
    private readonly BucketChanges _changes;
    private readonly RollupStatistics _counted;
    private readonly List<(BucketRequests Requests, IActorRef From)> _early = [];
    private readonly List<BucketAnswer> _answers = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private string _stream = "";
    private bool _readsCells;
    private bool _toldOfKeys;

    /// <summary>Makes the bucket.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="context">What the node's buckets share.</param>
    public Bucket(BucketId id, BucketContext context)
    {
        (_id, _context) = (id, context);
        _rollup = context.RollupOf(id);
        _machine = new BucketCheckpointing(id, context.VersionOf(id), CheckpointLimits.Default, showsTotals: true);
        _changes = new BucketChanges(id, context.LiveBuckets, _rollup.Buckets);
        _counted = context.Statistics.Of(_rollup.Name);

        Receive<BucketRequests>(message => Handle(message, Sender));
        Receive<TakeoverEnded>(Handle);
        Receive<StatementEnded>(Handle);
        Receive<LookEnded>(Handle);
        Receive<CellsEnded>(Handle);
        Receive<CheckpointDue>(_ => _machine.MakeCheckpoint(NewId()));
        Receive<LookDue>(_ => _machine.Look());
        Receive<ShowUnstored>(_ => _machine.ShowUnstoredAgain());
        Receive<StopBucket>(_ =>
        {
            _machine.Stop(NewId());
            Timers.StartPeriodicTimer(StopInterval, StopUnlessStored.Instance, TimeSpan.Zero, StopInterval);
        });
        Receive<StopUnlessStored>(_ =>
        {
            // Nothing under way will end in time; the next incarnation counts again.
            if (!_context.Storage.IsAvailable)
                Context.Stop(Self);
        });
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _context.Statistics.Started();
        _context.LiveBuckets.Add(_id, Self, _changes);
        _machine.ShowFrom(new Window(0));
        _machine.Start();
        CarryOut();
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _context.Statistics.Stopped();
        _context.LiveBuckets.Remove(_id, Self);
    }

    // What it holds in memory may be wrong then, and its row is right.
    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        Context.Stop(Self);
        base.PreRestart(reason, message);
    }

    /// <inheritdoc />
    protected override bool AroundReceive(Receive receive, object message)
    {
        var isHandled = base.AroundReceive(receive, message);
        CarryOut();
        return isHandled;
    }

    private void Handle(BucketRequests message, IActorRef from)
    {
        if (_machine.Phase == BucketPhase.TakingOver)
        {
            // Sessions ask again after a second; the first of them need not wait so long.
            if (_early.Count < MostEarly)
                _early.Add((message, from));
            return;
        }

        foreach (var (partition, session) in message.Questions)
            _machine.Ask(partition, message.Version, session);
        foreach (var (session, delta) in message.Deltas)
        {
            if (_machine.Apply(delta, session))
                _counted.Applied(delta.Balance.Counted, delta.Balance.Late);
        }

        _machine.Apply(message.EmptyDeltas, message.Version);
        CarryOut();
        Answer(from);
    }

    private void Answer(IActorRef from)
    {
        if (_answers.Count == 0)
            return;
        foreach (var answer in _answers)
        {
            if (answer.Kind != AnswerKind.OldStream)
                _stream = answer.Partition.Stream;
        }

        from.Tell(new BucketReplies([.. _answers]));
        _answers.Clear();
    }

    private void Handle(TakeoverEnded message)
    {
        if (message.Row is not { } row)
        {
            _machine.TakeoverFailed(message.Attempt);
            return;
        }

        try
        {
            _machine.TakenOver(message.Attempt, row);
        }
        catch (FormatException wrong)
        {
            _log.Error("The positions of bucket {0} in the database can't be read, so it counts nothing: {1}", _id, wrong.Message);
            Context.Stop(Self);
            return;
        }

        foreach (var (requests, from) in _early)
            Handle(requests, from);
        _early.Clear();
    }

    private void Handle(StatementEnded message)
    {
        var next = message.Statement.Next;
        switch (message.Outcome.Result)
        {
            case StatementResult.Stored:
                _machine.Stored(next, message.Outcome.Counts);
                break;
            case StatementResult.NotStored:
                _machine.NotStored(next);
                break;
            default:
                _machine.OutcomeUnknown(next);
                break;
        }
    }

    private void Handle(LookEnded message)
    {
        if (message.WasRead)
            _machine.CheckpointRead(message.Look, message.Checkpoint);
        else
            _machine.CheckpointUnread(message.Look);
    }

    private void Handle(CellsEnded message)
    {
        _readsCells = false;
        if (message.Cells is { } cells)
            _machine.CellsRead(cells.Checkpoint, cells.Counts(), cells.Complete);
    }

    private void CarryOut()
    {
        CarryOutEffects();
        _changes.ChangedCells = _machine.ChangedCells;
        _changes.Show(_machine.TakeShown());
        if (!_readsCells && _machine.HasUnknownCells)
        {
            _machine.ReadUnknownCells();
            CarryOutEffects();
        }

        if (!_toldOfKeys && _machine.MostKeys > _rollup.MaximumKeysPerBucket)
            TellOfKeys();
    }

    private void CarryOutEffects()
    {
        // To carry one out can bring the next.
        while (_machine.TakeEffects() is { Count: > 0 } effects)
        {
            foreach (var effect in effects)
                CarryOut(effect);
        }
    }

    private void CarryOut(BucketEffect effect)
    {
        switch (effect)
        {
            case BucketEffect.AnswerSession answer:
                _answers.Add(answer.Answer);
                break;
            case BucketEffect.TakeOver takeover:
                _context.Writer.Tell(new TakeoverWanted(_id, takeover.Attempt));
                break;
            case BucketEffect.ConfirmStream confirm:
                // The broker is not asked yet: what sessions were opened with is taken for the stream.
                _machine.StreamIs(confirm.Frozen, _stream);
                break;
            case BucketEffect.Store store:
                _context.Writer.Tell(new StoreWanted(store.Statement, _machine.HasUnknownCells));
                break;
            case BucketEffect.ReadCheckpoint look:
                _context.Writer.Tell(new LookWanted(_id, look.Look));
                break;
            case BucketEffect.ReadCells cells:
                _readsCells = true;
                _context.Writer.Tell(new CellsWanted(_id, cells.Cells));
                break;
            case BucketEffect.RequestCheckpoint:
                Self.Tell(CheckpointDue.Instance);
                break;
            case BucketEffect.End end:
                if (end.Reason == BucketEnd.Overtaken)
                    _log.Warning(
                        "Bucket {0} at {1} was overtaken: somebody else writes its row, or the database went back. It starts over.",
                        _id, ((ExtendedActorSystem)Context.System).Provider.DefaultAddress);
                Context.Stop(Self);
                break;
        }
    }

    private void TellOfKeys()
    {
        _toldOfKeys = true;
        _log.Warning(
            "Bucket {0} has more than {1} keys in a window, its share of {2}, and counts on. "
            + "Raise MaximumKeys of the rollup, or mend the producer.",
            _id, _rollup.MaximumKeysPerBucket, _rollup.MaximumKeys);
    }

    private static CheckpointId NewId() => new(Guid.NewGuid());

    private sealed record StopUnlessStored
    {
        public static StopUnlessStored Instance { get; } = new();
    }
}
