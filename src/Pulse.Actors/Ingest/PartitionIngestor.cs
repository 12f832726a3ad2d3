using Akka.Actor;
using Akka.Event;
using Akka.Streams;
using Akka.Streams.Dsl;
using Pulse.Actors.Buckets;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Reads one partition in offset order and turns it into deltas: the shell around <see cref="PartitionTally"/>. Sharded,
/// so that exactly one node reads a partition while all is well. A session that is rejected, or gets no answer, starts
/// over at the committed offset.
/// </summary>
public sealed class PartitionIngestor : ReceiveActor, IWithTimers
{
    private const int MinimumDeltasUnderWay = 4_096;
    private const int MaximumEventsWaiting = 200_000;
    private const int MaximumDeadLettersUnderWay = 10_000;
    private const int SilentRepeatsBeforeRestart = 4;
    private static readonly TimeSpan RepeatInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan DrainRepeatInterval = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan AcquireTimeout = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan FirstRestartDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRestartDelay = TimeSpan.FromSeconds(5);

    // Sharding's own limit for entities is a second longer, and speaks of a message that was not handled.
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(6);

    private readonly int _partition;
    private readonly IngestContext _context;
    private readonly List<(int Index, BadRecord Why)> _bad = [];
    private readonly List<Task> _deadLettersUnderWay = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private AssignedPartition _assigned = null!;
    private KafkaConsumer _consumer = null!;
    private DeadLetterProducer _deadLetters = null!;
    private EventCounter _counter = null!;
    private long _session = NewSession();
    private int _epoch;
    private long _skippedTold;
    private RecordBatch? _early;
    private bool _restarting;
    private bool _draining;
    private bool _commitWanted;
    private bool _commitSent;
    private bool _batchWanted;
    private int _silentRepeats;
    private TimeSpan _restartDelay = FirstRestartDelay;
    private IActorRef _stream = ActorRefs.Nobody;

    /// <summary>Makes the ingestor of a partition; it asks its node's <see cref="StreamIngest"/> for it.</summary>
    public PartitionIngestor(int partition, IngestContext context)
    {
        _partition = partition;
        _context = context;
        Acquiring();
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private PartitionTally Tally => _counter.Tally;

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(AcquireTimedOut.Instance, AcquireTimedOut.Instance, AcquireTimeout);
        _context.StreamIngest.Tell(new AcquirePartition(_partition));
    }

    // Whoever starts it anew must acquire the partition anew: it has lost its place.
    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        Context.Stop(Self);
        base.PreRestart(reason, message);
    }

    /// <inheritdoc />
    protected override void PostStop() => _early?.Dispose();

    private void Acquiring()
    {
        Receive<PartitionAcquired>(Start);
        Receive<PartitionUnavailable>(_ => Context.Stop(Self));
        Receive<AcquireTimedOut>(_ => Context.Stop(Self));
        Receive<StopReading>(_ => Context.Stop(Self));
        Receive<KeepReading>(_ => { });
        Receive<CommitNow>(_ => { });
    }

    private void Start(PartitionAcquired acquired)
    {
        Timers.Cancel(AcquireTimedOut.Instance);
        (_assigned, _consumer, _deadLetters) = acquired;
        _counter = NewCounter(_assigned.Committed);
        Become(Reading);
        _assigned.Batches.RunWith(
            Sink.ActorRefWithAck<RecordBatch>(
                    Self, StreamStarted.Instance, NextBatch.Instance, StreamEnded.Instance, _ => StreamEnded.Instance)
                .WithAttributes(Attributes.CreateInputBuffer(1, 1)),
            Context.Materializer());
        Timers.StartPeriodicTimer(Flush.Instance, Flush.Instance, _context.FlushInterval);
        Timers.StartPeriodicTimer(Repeat.Instance, Repeat.Instance, RepeatInterval);
        Report();
    }

    private void Reading()
    {
        Receive<RecordBatch>(Handle);
        Receive<Flush>(_ => SendDeltas());
        Receive<PartitionAnswers>(Handle);
        Receive<CommitNow>(message => WantCommit(message.Again));
        Receive<Committed>(message => message.Session == _session, Handle);
        Receive<CommitFailed>(message => message.Session == _session, Handle);
        Receive<Repeat>(_ => RepeatUnanswered());
        Receive<RestartSession>(_ => Rewind());
        Receive<SessionRewound>(Handle);
        Receive<RewindFailed>(Handle);
        Receive<StopReading>(_ => Drain());
        Receive<KeepReading>(_ => { });
        Receive<DrainTimedOut>(_ => Context.Stop(Self));
        Receive<StreamStarted>(_ =>
        {
            _stream = Sender;
            _batchWanted = true;
            AskForBatch();
        });
        // The consumer stopped, or somebody else on this node was given the partition.
        Receive<StreamEnded>(_ => Context.Stop(Self));

        // Of an older session.
        Receive<Committed>(_ => { });
        Receive<CommitFailed>(_ => { });
    }

    private void Handle(RecordBatch batch)
    {
        // The first batch after a rewind can overtake the news of the rewind.
        if (batch.Epoch > _epoch)
        {
            _early = batch;
            return;
        }

        using (batch)
        {
            _batchWanted = true;
            if (!_restarting && !_draining && batch.Epoch == _epoch)
                Count(batch);
        }

        AskForBatch();
    }

    private void Count(RecordBatch batch)
    {
        if (batch.Start != Tally.Position)
        {
            Restart($"records {Tally.Position} to {batch.Start} are missing");
            return;
        }

        _counter.Count(batch, _bad);
        foreach (var (index, why) in _bad)
            _deadLettersUnderWay.Add(_deadLetters.SendAsync(_assigned.Partition.Partition, batch, index, why));
        _context.Statistics.Read(batch.Count, _bad.Count);
        _bad.Clear();
        SendOpens(Tally.TakeBucketsToOpen());
        Report();
    }

    /// <summary>Takes the next batch only while what is under way stays within bounds.</summary>
    private void AskForBatch()
    {
        if (_deadLettersUnderWay.Count > MaximumDeadLettersUnderWay)
            _deadLettersUnderWay.RemoveAll(task => task.IsCompletedSuccessfully);

        var isFull = Tally.Unaccepted > Math.Max(MinimumDeltasUnderWay, 4 * Tally.BucketCount)
            || Tally.Waiting > MaximumEventsWaiting
            || _deadLettersUnderWay.Count > MaximumDeadLettersUnderWay;
        if (!_batchWanted || (isFull && !_restarting && !_draining))
            return;
        _batchWanted = false;
        _stream.Tell(NextBatch.Instance);
    }

    private void Send(IReadOnlyList<IPartitionRequest> requests)
    {
        if (requests.Count > 0)
            _context.Buckets.Tell(new PartitionRequests(requests));
    }

    private void SendOpens(IReadOnlyList<BucketId> buckets) => Send([.. buckets.Select(Open)]);

    private OpenPartition Open(BucketId bucket) => new(bucket, _assigned.Partition, Tally.Committed, _session);

    private void SendDeltas()
    {
        if (_restarting)
            return;
        var deltas = Tally.TakeDeltas();
        if (deltas.Count == 0)
            return;
        Send([.. deltas.Select(each => new ApplyDelta(each.Bucket, each.Delta, _session))]);
        _context.Statistics.Flushed(deltas.Count);
        _counter.ForgetKeys();
    }

    private void SendPersists(IReadOnlyList<PersistRequest> requests) => Send([.. requests.Select(Persist)]);

    private PersistPartition Persist(PersistRequest request) =>
        new(request.Bucket, _assigned.Partition, request.UpTo, _session);

    private void Handle(PartitionAnswers message)
    {
        foreach (var answer in message.Answers)
        {
            // Whoever answered an older session has been, or will be, asked anew.
            if (answer.Session == _session)
                Handle(answer);
        }

        if (_commitWanted)
            TryBeginCommit();
        TryCommit();
        AskForBatch();
    }

    private void Handle(IPartitionAnswer answer)
    {
        switch (answer)
        {
            case DeltaAccepted accepted:
                Tally.Accepted(accepted.Bucket, accepted.Position);
                break;
            case PartitionOpened opened:
                Tally.Opened(opened.Bucket, opened.Position);
                break;
            case PartitionPersisted persisted:
                Tally.Persisted(persisted.Bucket, persisted.Position);
                break;
            case PartitionRejected rejected:
                Handle(rejected);
                return;
        }

        Answered();
    }

    // A shard that is handed over loses what reaches it meanwhile; only a bucket that forgot costs the session.
    private void Handle(PartitionRejected message)
    {
        if (Tally.Rejected(message.Bucket, message.Position) is not { } again)
        {
            Restart($"{message.Bucket} is at {message.Position}");
            return;
        }

        Answered();
        if (again.Count == 0)
            return;
        Send(
        [
            Open(message.Bucket),
            .. again.Select(delta => new ApplyDelta(message.Bucket, delta, _session)),
            .. Tally.UnansweredPersists().Where(request => request.Bucket == message.Bucket).Select(Persist),
        ]);
    }

    private void WantCommit(bool again)
    {
        if (again && !Tally.HasUncommitted && !_restarting && Tally.Committed > 0)
            SendCommit(Tally.Committed);
        _commitWanted = Tally.HasUncommitted;
        TryBeginCommit();
    }

    private void TryBeginCommit()
    {
        if (_restarting || Tally.IsCommitting)
            return;

        SendDeltas();
        var requests = Tally.BeginCommit();
        _commitWanted = Tally.HasUncommitted && !Tally.IsCommitting;
        SendPersists(requests);
        TryCommit();
        StopIfDrained();
    }

    private void TryCommit()
    {
        if (_restarting || _commitSent || Tally.CommittableOffset is not { } offset)
            return;

        _commitSent = true;
        SendCommit(offset);
    }

    private void SendCommit(long offset)
    {
        var session = _session;
        var deadLetters = Task.WhenAll(_deadLettersUnderWay);
        _deadLettersUnderWay.Clear();
        CommitAsync().PipeTo(
            Self, success: () => new Committed(session, offset), failure: cause => new CommitFailed(session, cause));

        async Task CommitAsync()
        {
            await deadLetters.ConfigureAwait(false);
            await _consumer.CommitAsync(_assigned.Partition, offset).ConfigureAwait(false);
        }
    }

    private void Handle(Committed message)
    {
        Answered();
        _restartDelay = FirstRestartDelay;
        if (message.Offset <= Tally.Committed)
            return;

        _commitSent = false;
        Tally.CommitSucceeded();
        _context.Statistics.Committed();
        Report();
        if (_commitWanted || _draining)
            TryBeginCommit();
    }

    private void Handle(CommitFailed message)
    {
        _commitSent = false;
        Restart(message.Cause.Message);
    }

    private void RepeatUnanswered()
    {
        if (_restarting)
            return;
        if (Tally.Unaccepted == 0)
            Answered();
        else if (!_draining && ++_silentRepeats > SilentRepeatsBeforeRestart)
        {
            Restart("no bucket has answered for a while");
            return;
        }

        Tally.MaySendAgain();
        SendOpens(Tally.BucketsStillOpening());
        SendPersists(Tally.UnansweredPersists());
    }

    private void Answered() => _silentRepeats = 0;

    /// <summary>Ends the session: forgets what it knew, and after a moment reads again from the committed offset.</summary>
    private void Restart(string why)
    {
        if (_restarting)
            return;

        _log.Info("Session of {0} starts over: {1}.", _assigned.Partition, why);
        _restarting = true;
        _commitSent = false;
        _session = NewSession();
        _context.Statistics.SessionRestarted();
        Timers.StartSingleTimer(RestartSession.Instance, RestartSession.Instance, _restartDelay);
        _restartDelay = TimeSpan.FromTicks(Math.Min(_restartDelay.Ticks * 2, LongestRestartDelay.Ticks));
        AskForBatch();
    }

    private void Rewind()
    {
        if (_draining)
        {
            // Whoever reads the partition next starts at the committed offset, as this session would.
            Context.Stop(Self);
            return;
        }

        _consumer.RewindAsync(_assigned.Partition).PipeTo(
            Self,
            success: rewound => new SessionRewound(rewound.Epoch, rewound.Committed),
            failure: cause => new RewindFailed(cause));
    }

    private void Handle(SessionRewound message)
    {
        _epoch = message.Epoch;
        _counter = NewCounter(message.Committed);
        _skippedTold = 0;
        _deadLettersUnderWay.Clear();
        _restarting = false;
        Answered();
        Report();
        if (_early is { } batch)
        {
            _early = null;
            Handle(batch);
        }
    }

    private void Handle(RewindFailed message)
    {
        _log.Debug("{0} could not be rewound: {1}", _assigned.Partition, message.Cause.Message);
        if (message.Cause is IngestException refused)
            Context.System.EventStream.Publish(new IngestRefused(refused.Message));
        Timers.StartSingleTimer(RestartSession.Instance, RestartSession.Instance, LongestRestartDelay);
    }

    private void Drain()
    {
        // What can't be made durable now, the next reader counts again from the committed offset.
        if (_restarting || !_context.Storage.IsAvailable)
        {
            Context.Stop(Self);
            return;
        }

        // Buckets move at the same time, and what reaches one on its way is lost: there is time for more than two attempts.
        _draining = true;
        Timers.StartPeriodicTimer(Repeat.Instance, Repeat.Instance, DrainRepeatInterval);
        Timers.StartSingleTimer(DrainTimedOut.Instance, DrainTimedOut.Instance, DrainTimeout);
        TryBeginCommit();
    }

    private void StopIfDrained()
    {
        if (_draining && !Tally.HasUncommitted)
            Context.Stop(Self);
    }

    private EventCounter NewCounter(long committed) =>
        new(_context.Catalog, _context.WindowLength, _context.AllowedLateness, new PartitionTally(_assigned.Partition, committed));

    private void Report()
    {
        if (_context.Statistics.Status(_assigned.Partition.Partition) is not { } status)
            return;
        _context.Statistics.SkippedMore(Tally.Skipped - _skippedTold);
        _skippedTold = Tally.Skipped;
        status.Position = Tally.Position;
        status.Committed = Tally.Committed;
    }

    // Sessions of one partition must differ across nodes and restarts, for a zombie's answers may still be under way.
    private static long NewSession() => Random.Shared.NextInt64();

    private sealed record Committed(long Session, long Offset);

    private sealed record CommitFailed(long Session, Exception Cause);

    private sealed record SessionRewound(int Epoch, long Committed);

    private sealed record RewindFailed(Exception Cause);

    private sealed record AcquireTimedOut
    {
        public static AcquireTimedOut Instance { get; } = new();
    }

    private sealed record Flush
    {
        public static Flush Instance { get; } = new();
    }

    private sealed record DrainTimedOut
    {
        public static DrainTimedOut Instance { get; } = new();
    }

    private sealed record Repeat
    {
        public static Repeat Instance { get; } = new();
    }

    private sealed record RestartSession
    {
        public static RestartSession Instance { get; } = new();
    }

    private sealed record StreamStarted
    {
        public static StreamStarted Instance { get; } = new();
    }

    private sealed record NextBatch
    {
        public static NextBatch Instance { get; } = new();
    }

    private sealed record StreamEnded
    {
        public static StreamEnded Instance { get; } = new();
    }
}
