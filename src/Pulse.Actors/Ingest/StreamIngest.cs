using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Akka.Streams;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Export;

namespace Pulse.Actors.Ingest;

/// <summary>
/// A node's ingest side: keeps one consumer in the group, gives each assigned partition an ingestor, and tells them
/// when to commit: every checkpoint interval aligned to the clock, when the coordinator asks, and before leaving.
/// </summary>
public sealed class StreamIngest : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan IdentityTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    private readonly KafkaSettings _settings;
    private readonly TimeSpan _checkpointInterval;
    private readonly IngestContext _context;
    private readonly ILogger _kafkaLog;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly DeadLetterProducer _deadLetters;
    private readonly Dictionary<IActorRef, AssignedPartition> _ingestors = [];
    private KafkaConsumer? _consumer;
    private IActorRef _drainRequester = ActorRefs.Nobody;
    private bool _draining;
    private string? _outage;
    private int _started;

    /// <summary>Makes the ingest side; it joins the group as soon as the broker says which stream the topic is.</summary>
    /// <param name="settings">How to reach Kafka.</param>
    /// <param name="checkpointInterval">The time between commits, aligned to the clock.</param>
    /// <param name="context">What the ingestors share.</param>
    /// <param name="kafkaLog">Receives what the Kafka client has to say.</param>
    public StreamIngest(
        KafkaSettings settings, TimeSpan checkpointInterval, IngestContext context, ILogger<KafkaConsumer> kafkaLog)
    {
        _settings = settings;
        _checkpointInterval = checkpointInterval;
        _context = context;
        _kafkaLog = kafkaLog;
        _deadLetters = new DeadLetterProducer(settings, kafkaLog);

        Receive<ConnectNow>(_ => Connect());
        Receive<Connected>(Handle);
        Receive<Disconnected>(Handle);
        Receive<AssignedPartition>(Handle);
        Receive<Terminated>(Handle);
        Receive<CheckpointDue>(_ =>
        {
            CommitAll();
            ScheduleCheckpoint();
        });
        Receive<CheckpointRequested>(_ => CommitAll());
        Receive<DrainIngest>(_ => Drain());
        Receive<SubscribeAck>(_ => { });
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        DistributedPubSub.Get(Context.System).Mediator.Tell(new Subscribe(Coordinator.IngestTopic, Self));
        ScheduleCheckpoint();
        Connect();
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _ = _consumer?.StopAsync();
        _deadLetters.Dispose();
    }

    // An ingestor that failed has lost its place in the partition: only a new assignment gives it back.
    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    private void Connect()
    {
        if (_draining)
            return;
        StreamIdentity.ResolveAsync(_settings, IdentityTimeout).PipeTo(
            Self, success: stream => new Connected(stream), failure: cause => new Disconnected(cause));
    }

    private void Handle(Connected message)
    {
        if (_draining)
            return;
        if (_outage is not null)
            _log.Info("Kafka answers again; reading goes on.");
        _outage = null;

        _consumer = KafkaConsumer.Start(_settings, message.Stream, _context.Statistics, _kafkaLog);
        var self = Self;
        _consumer.Partitions.RunForeach(assigned => self.Tell(assigned), Context.System.Materializer());
        _consumer.Completion.PipeTo(
            Self, success: () => new Disconnected(null), failure: cause => new Disconnected(cause));
    }

    private void Handle(Disconnected message)
    {
        _consumer = null;
        if (_draining)
        {
            FinishDrain();
            return;
        }

        var problem = message.Cause?.InnerException?.Message ?? message.Cause?.Message ?? "the consumer stopped";
        if (Refusal(message.Cause) is { } refusal)
            Context.System.EventStream.Publish(new IngestRefused(refusal));
        else if (_outage != problem)
            _log.Warning("Reading from Kafka pauses: {0} Trying again every {1} s.", problem, RetryDelay.TotalSeconds);
        _outage = problem;
        Timers.StartSingleTimer(ConnectNow.Instance, ConnectNow.Instance, RetryDelay);
    }

    // Only a consumer that was already running can find the stream unreadable; before that the broker may be starting.
    private static string? Refusal(Exception? cause) =>
        cause is KafkaException { InnerException: IngestException inner } ? inner.Message : null;

    private void Handle(AssignedPartition assigned)
    {
        if (_consumer is not { } consumer)
        {
            assigned.Release();
            return;
        }

        var context = _context;
        var deadLetters = _deadLetters;
        var ingestor = Context.ActorOf(
            Props.Create(() => new PartitionIngestor(assigned, consumer, deadLetters, context)),
            $"partition-{assigned.Partition.Partition}-{++_started}");
        _ingestors.Add(Context.Watch(ingestor), assigned);
    }

    private void Handle(Terminated message)
    {
        if (_ingestors.Remove(message.ActorRef, out var assigned) && !assigned.Revoked.IsCompleted)
        {
            _log.Warning("The ingestor of {0} failed; the node joins the group anew.", assigned.Partition);
            _ = _consumer?.StopAsync();
        }
    }

    private void CommitAll()
    {
        foreach (var ingestor in _ingestors.Keys)
            ingestor.Tell(CommitNow.Instance);
    }

    private void ScheduleCheckpoint()
    {
        var now = Context.System.Scheduler.Now.UtcTicks;
        var next = ((now / _checkpointInterval.Ticks) + 1) * _checkpointInterval.Ticks;
        Timers.StartSingleTimer(CheckpointDue.Instance, CheckpointDue.Instance, TimeSpan.FromTicks(next - now));
    }

    private void Drain()
    {
        _drainRequester = Sender;
        _draining = true;
        if (_consumer is null)
            FinishDrain();
        else
            _ = _consumer.StopAsync();
    }

    private void FinishDrain()
    {
        _drainRequester.Tell(IngestDrained.Instance);
        Context.Stop(Self);
    }

    private sealed record Connected(string Stream);

    private sealed record Disconnected(Exception? Cause);

    private sealed record ConnectNow
    {
        public static ConnectNow Instance { get; } = new();
    }

    private sealed record CheckpointDue
    {
        public static CheckpointDue Instance { get; } = new();
    }
}
