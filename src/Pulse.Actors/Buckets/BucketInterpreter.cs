using Akka.Actor;
using Akka.Event;
using Pulse.Actors.Serialization;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>
/// Drives the <see cref="BucketCheckpointing"/> of one bucket: brings it what sessions and the database say, and carries out
/// what it wants. It decides nothing. What it asks the database goes through its node's <see cref="CheckpointWriter"/>, whose
/// answers go to the bucket's actor. Used by that actor alone, message by message.
/// </summary>
internal sealed class BucketInterpreter
{
    private readonly BucketId _id;
    private readonly Rollup _rollup;
    private readonly IActorRef _bucket;
    private readonly IActorRef _writer;
    private readonly ILoggingAdapter _log;
    private readonly BucketCheckpointing _machine;
    private readonly RollupStatistics _counted;
    private readonly List<BucketAnswer> _answers = [];
    private bool _readsCells;
    private bool _toldOfKeys;

    /// <param name="id">The bucket.</param>
    /// <param name="context">What the node's buckets share.</param>
    /// <param name="bucket">The bucket's actor.</param>
    /// <param name="log">Its log.</param>
    public BucketInterpreter(BucketId id, BucketContext context, IActorRef bucket, ILoggingAdapter log)
    {
        (_id, _bucket, _writer, _log) = (id, bucket, context.Writer, log);
        _rollup = context.RollupOf(id);
        _machine = new BucketCheckpointing(id, context.VersionOf(id), CheckpointLimits.Default, context.Statistics.Unstored, showsTotals: true);
        _counted = context.Statistics.Of(_rollup.Name);
        Changes = new BucketChanges(id, context.LiveBuckets, _rollup.Buckets);
    }

    /// <summary>What the live feed takes.</summary>
    public BucketChanges Changes { get; }

    /// <summary>Whether it has no row yet, so that it can answer nobody.</summary>
    public bool IsTakingOver => _machine.Phase == BucketPhase.TakingOver;

    /// <inheritdoc cref="BucketCheckpointing.IsApart" />
    public bool IsApart => _machine.IsApart;

    /// <summary>Why it is over; null before that.</summary>
    public BucketEnd? End { get; private set; }

    /// <summary>Begins.</summary>
    public void Start()
    {
        _machine.ShowFrom(new Window(0));
        _machine.Start();
    }

    /// <inheritdoc cref="BucketCheckpointing.Leave" />
    public void Leave() => _machine.Leave();

    /// <summary>Stores what is there, then ends.</summary>
    public void Stop() => _machine.Stop(NewId());

    /// <summary>A checkpoint is due.</summary>
    public void MakeCheckpoint() => _machine.MakeCheckpoint(NewId());

    /// <inheritdoc cref="BucketCheckpointing.Look" />
    public void Look() => _machine.Look();

    /// <inheritdoc cref="BucketCheckpointing.ShowUnstoredAgain" />
    public void ShowUnstored() => _machine.ShowUnstoredAgain();

    /// <summary>Takes what sessions say, and answers their node.</summary>
    public void Hear(BucketRequests message, IActorRef from)
    {
        foreach (var (partition, session) in message.Questions)
            _machine.Ask(partition, message.Version, session);
        foreach (var (session, delta) in message.Deltas)
        {
            if (_machine.Apply(delta, session))
                _counted.Applied(delta.Balance.Counted, delta.Balance.Late);
        }

        _machine.Apply(message.EmptyDeltas, message.Version);
        CarryOut();
        foreach (var page in MessagePages.Of(_answers, _ => BucketReplies.BytesPerAnswer))
            from.Tell(new BucketReplies(page));
        _answers.Clear();
    }

    /// <summary>The takeover was answered, or failed.</summary>
    public void Hear(TakeoverEnded message)
    {
        if (message.Row is { } row)
            _machine.TakenOver(message.Attempt, row);
        else
            _machine.TakeoverFailed(message.Attempt);
    }

    /// <summary>Kafka said which stream the topic is, or did not: then it is asked again, and what is frozen waits.</summary>
    public void Hear(StreamConfirmed message)
    {
        if (message.Stream is { } stream)
            _machine.StreamIs(message.Frozen, stream);
        else if (End is null)
            _writer.Tell(new ConfirmWanted(_id, message.Frozen), _bucket);
    }

    /// <summary>A statement has an outcome.</summary>
    public void Hear(StatementEnded message)
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
            case StatementResult.Refused:
                _machine.Refused(next);
                break;
            default:
                _machine.OutcomeUnknown(next);
                break;
        }
    }

    /// <summary>The row's checkpoint was read, or not.</summary>
    public void Hear(LookEnded message)
    {
        if (message.WasRead)
            _machine.CheckpointRead(message.Look, message.Checkpoint);
        else
            _machine.CheckpointUnread(message.Look);
    }

    /// <summary>Cells were read, or not.</summary>
    public void Hear(CellsEnded message)
    {
        _readsCells = false;
        if (message.Cells is { } cells)
            _machine.CellsRead(cells.Checkpoint, cells.Counts(), cells.Complete);
    }

    /// <summary>Carries out what the machine wants, and shows what changed. To be called after each message.</summary>
    public void CarryOut()
    {
        CarryOutEffects();
        Changes.ChangedCells = _machine.ChangedCells;
        Changes.Show(_machine.TakeShown(), _machine.Generation);
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
            case BucketEffect.AnswerSession { Answer: var answer }:
                _answers.Add(answer);
                break;
            case BucketEffect.TakeOver takeover:
                _writer.Tell(new TakeoverWanted(_id, takeover.Attempt), _bucket);
                break;
            case BucketEffect.ConfirmStream confirm:
                _writer.Tell(new ConfirmWanted(_id, confirm.Frozen), _bucket);
                break;
            case BucketEffect.Store store:
                _writer.Tell(new StoreWanted(store.Statement, _machine.HasUnknownCells), _bucket);
                break;
            case BucketEffect.ReadCheckpoint look:
                _writer.Tell(new LookWanted(_id, look.Look), _bucket);
                break;
            case BucketEffect.ReadCells cells:
                _readsCells = true;
                _writer.Tell(new CellsWanted(_id, cells.Cells), _bucket);
                break;
            case BucketEffect.RequestCheckpoint:
                _bucket.Tell(CheckpointDue.Instance);
                break;
            case BucketEffect.End end:
                End = end.Reason;
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
}
