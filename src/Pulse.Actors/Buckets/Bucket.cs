using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Pulse.Actors.Storage;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>
/// The sharded actor that owns the keys of one bucket: the shell around <see cref="BucketLedger"/>. It counts in memory and makes checkpoints when an ingestor asks for one or the shard
/// is handed over.
/// </summary>
/// <remarks>
/// A checkpoint is written ahead: one journal event first, whose sequence number the database accepts from one
/// incarnation only; then, if no other incarnation has stored a newer one, the rows of the result table; then the
/// answers. Deltas are applied all the while.
/// </remarks>
public sealed class Bucket : ReceivePersistentActor, IWithTimers
{
    /// <summary>Every so many checkpoints one is complete, and those before it are deleted.</summary>
    public const int CheckpointsPerComplete = 24;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PublishTimeout = TimeSpan.FromSeconds(30);

    private readonly BucketId _id;
    private readonly Rollup _rollup;
    private readonly BucketContext _context;
    private readonly BucketLedger _ledger;
    private readonly RollupStatistics _counted;
    private readonly List<(IActorRef Asker, PersistPartition Request)> _asked = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private int _checkpointsSinceComplete;
    private long _lastRecovered;
    private bool _deletesAfterPublishing;
    private BucketResults? _publishing;
    private bool _toldOfKeys;
    private bool _busy;
    private bool _stopping;

    /// <summary>Makes the bucket.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="context">What the node's buckets share.</param>
    public Bucket(BucketId id, BucketContext context)
    {
        _id = id;
        _rollup = context.RollupOf(id);
        _context = context;
        _counted = context.Statistics.Of(_rollup.Name);
        var changes = new BucketChanges(id, context.LiveBuckets, _rollup.Buckets);
        _ledger = new BucketLedger(changes);
        PersistenceId = $"bucket/{id.EntityId}";

        Recover<BucketCheckpoint>(checkpoint =>
        {
            _ledger.Recover(checkpoint);
            _checkpointsSinceComplete = checkpoint.IsComplete ? 0 : _checkpointsSinceComplete + 1;
            _lastRecovered = LastSequenceNr;
        });
        Recover<RecoveryCompleted>(_ => RequireAllRecovered());
        Command<BucketBatch>(Handle);
        Command<OpenPartition>(message => Sender.Tell(Open(message)));
        Command<ApplyDelta>(message => Sender.Tell(Apply(message)));
        Command<PersistPartition>(Handle);
        Command<ResultsWritten>(Handle);
        Command<ResultsOvertaken>(Handle);
        Command<StopBucket>(_ =>
        {
            _stopping = true;
            MakeProgress();
        });
        Command<Retry>(_ => TryAgain());
        Command<TellUnpublished>(_ => _ledger.TellUnpublished());
        Command<DeleteMessagesSuccess>(_ => { });
        Command<DeleteMessagesFailure>(_ => { });
    }

    /// <inheritdoc />
    public override string PersistenceId { get; }

    // The journal holds everything; a snapshot store that fails must not keep a bucket waiting.
    /// <inheritdoc />
    public override Recovery Recovery { get; } = new(SnapshotSelectionCriteria.None);

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _context.Statistics.Started();
        _context.LiveBuckets.Add(_id, Self);
        base.PreStart();
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _context.Statistics.Stopped();
        _context.LiveBuckets.Remove(_id, Self);
        base.PostStop();
    }

    // Akka goes on after this one, and the answer that a checkpoint is stored would never come.
    /// <inheritdoc />
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        _log.Error(cause, "Bucket {0} can't store checkpoint {1}; it starts over from the one before.", _id, sequenceNr);
        Context.Stop(Self);
    }

    // The storage monitor speaks for the whole node; a line per bucket would be a flood.
    /// <inheritdoc />
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        _log.Debug("Bucket {0} could not store checkpoint {1}: {2}", _id, sequenceNr, cause.Message);

    /// <inheritdoc />
    protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
        _log.Debug("Bucket {0} could not recover: {1}", _id, reason.Message);

    // A checkpoint that is asked for holds whatever else the batch brings: one for all partitions of the sender's node.
    private void Handle(BucketBatch batch)
    {
        var answers = new List<IPartitionAnswer>(batch.Requests.Count);
        foreach (var request in batch.Requests)
        {
            var answer = request switch
            {
                ApplyDelta message => Apply(message),
                OpenPartition message => Open(message),
                PersistPartition message => Ask(message),
                _ => null,
            };
            if (answer is not null)
                answers.Add(answer);
        }

        if (answers.Count > 0)
            Sender.Tell(new BucketAnswers(_id, answers));
        if (_asked.Count > 0)
            MakeProgress();
    }

    private void Handle(PersistPartition message)
    {
        if (Ask(message) is { } rejected)
            Sender.Tell(rejected);
        else
            MakeProgress();
    }

    private PartitionOpened Open(OpenPartition message) => new(
        _id, message.Partition, _ledger.Open(message.Partition, message.Committed), message.Session);

    private IPartitionAnswer Apply(ApplyDelta message)
    {
        var partition = message.Delta.Partition;
        var outcome = _ledger.Apply(message.Delta);
        if (outcome == DeltaOutcome.Applied)
            CountApplied(message.Delta);
        if (_ledger.MostKeys > _rollup.MaximumKeysPerBucket && !_toldOfKeys)
            TellOfKeys();
        var position = _ledger.Position(partition);
        return outcome == DeltaOutcome.Rejected
            ? new PartitionRejected(_id, partition, position, message.Session)
            : new DeltaAccepted(_id, partition, position, message.Session);
    }

    private void TellOfKeys()
    {
        _toldOfKeys = true;
        _log.Warning(
            "Bucket {0} has more than {1} keys in a window, its share of {2}, and counts on. "
            + "Raise MaximumKeys of the rollup, or mend the producer.",
            _id, _rollup.MaximumKeysPerBucket, _rollup.MaximumKeys);
    }

    private void CountApplied(Delta delta)
    {
        var counted = 0L;
        foreach (var count in delta.Counts)
            counted += count.Count;
        _counted.Applied(counted, delta.Late);
    }

    /// <returns>Null where the answer must wait for a checkpoint.</returns>
    private PartitionRejected? Ask(PersistPartition message)
    {
        var position = _ledger.Position(message.Partition);
        if (position < message.UpTo)
            return new PartitionRejected(_id, message.Partition, position, message.Session);

        _asked.RemoveAll(asked => asked.Asker.Equals(Sender) && asked.Request.Partition == message.Partition);
        _asked.Add((Sender, message));
        return null;
    }

    /// <summary>The one place where checkpoints go forward: publish what is stored, then store what is new.</summary>
    private void MakeProgress()
    {
        if (_stopping && !_context.Storage.IsAvailable)
        {
            // Nothing under way will end in time; the next incarnation counts again.
            Context.Stop(Self);
            return;
        }

        if (_busy)
            return;

        Answer();
        var isWanted = _asked.Count > 0 || _stopping;
        if (isWanted && !_ledger.IsPublished)
            Publish();
        else if (isWanted && _ledger.HasUnstoredChanges)
            Store();
        else if (_stopping)
            Context.Stop(Self);
    }

    private void TryAgain()
    {
        // The writer still has the request and repeats it; another one would only grow its queue.
        if (_publishing is not null && !_stopping && !_context.Storage.IsAvailable)
        {
            Timers.StartSingleTimer(Retry.Instance, Retry.Instance, PublishTimeout);
            return;
        }

        _busy = false;
        MakeProgress();
    }

    private void Store()
    {
        if (!_context.Storage.IsAvailable)
        {
            // A failed write would cost the bucket its memory.
            Timers.StartSingleTimer(Retry.Instance, Retry.Instance, RetryDelay);
            return;
        }

        // Left over from an outage, it would end the wait for this very write.
        Timers.Cancel(Retry.Instance);
        _busy = true;
        var complete = ++_checkpointsSinceComplete >= CheckpointsPerComplete;
        PersistAsync(_ledger.TakeCheckpoint(complete), _ =>
        {
            _ledger.Stored();
            _context.Statistics.CheckpointStored();
            if (complete)
                _checkpointsSinceComplete = 0;
            _deletesAfterPublishing |= complete;
            Publish();
        });
    }

    private void Publish()
    {
        _busy = true;
        KeyCount[] rows = [.. _ledger.Unpublished.Select(count => new KeyCount(count.Key, count.Window, count.Count))];
        _publishing = new BucketResults(
            _rollup, _id.Number, rows, _ledger.DurableLateCount, new StoredCheckpoint(PersistenceId, LastSequenceNr));
        _context.ResultWriter.Tell(new WriteResults(_publishing));
        Timers.StartSingleTimer(Retry.Instance, Retry.Instance, PublishTimeout);
    }

    private void Handle(ResultsWritten message)
    {
        // After a time-out the same results are asked for twice; only the newest request's answer counts.
        if (!ReferenceEquals(message.Results, _publishing))
            return;

        Timers.Cancel(Retry.Instance);
        _publishing = null;
        _ledger.Published();
        if (_deletesAfterPublishing)
            DeleteMessages(LastSequenceNr - 1);
        _deletesAfterPublishing = false;
        _busy = false;
        MakeProgress();
    }

    private void Handle(ResultsOvertaken message)
    {
        _log.Info("Bucket {0} slept while another incarnation took over; it stops.", _id);
        Context.Stop(Self);
    }

    // Events can be deleted between the question for the highest number and the replay: then this is not all there is.
    private void RequireAllRecovered()
    {
        if (_lastRecovered == LastSequenceNr)
            return;

        _log.Warning(
            "Bucket {0} found its checkpoints up to {1} of {2} only; it stops, and the next request starts it again.",
            _id, _lastRecovered, LastSequenceNr);
        Context.Stop(Self);
    }

    private void Answer()
    {
        if (!_ledger.IsPublished)
            return;

        for (var index = _asked.Count - 1; index >= 0; index--)
        {
            var (asker, request) = _asked[index];
            var durable = _ledger.DurablePosition(request.Partition);
            if (durable < request.UpTo)
                continue;
            asker.Tell(new PartitionPersisted(_id, request.Partition, durable, request.Session));
            _asked.RemoveAt(index);
        }
    }

    private sealed record Retry
    {
        public static Retry Instance { get; } = new();
    }
}
