using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Microsoft.Extensions.Logging;

namespace Pulse.Actors.Ingest;

/// <summary>
/// A node's side of the ingest: keeps one consumer, lends partitions of it to the ingestors that sharding starts here,
/// sees to it that every partition has one, and tells its own when to commit: every checkpoint interval aligned to the
/// clock, and whenever the coordinator asks.
/// </summary>
public sealed class StreamIngest : ReceiveActor, IWithTimers
{
    /// <summary>The publish-subscribe topic of <see cref="CheckpointRequested"/>.</summary>
    public const string Topic = "pulse-ingest";

    private static readonly TimeSpan BrokerTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeepReadingInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(30);

    private readonly KafkaSettings _settings;
    private readonly TimeSpan _checkpointInterval;
    private readonly IngestStatistics _statistics;
    private readonly ILogger _kafkaLog;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly DeadLetterProducer _deadLetters;
    private readonly Dictionary<IActorRef, AssignedPartition> _readers = [];
    private IActorRef _ingestors = ActorRefs.Nobody;
    private KafkaConsumer? _consumer;
    private StreamIdentity? _stream;
    private string? _outage;
    private bool _leaving;

    /// <summary>Makes the ingest side; it reads as soon as the broker says which stream the topic is.</summary>
    /// <param name="settings">How to reach Kafka.</param>
    /// <param name="checkpointInterval">The time between commits, aligned to the clock.</param>
    /// <param name="statistics">What people and telemetry read.</param>
    /// <param name="kafkaLog">Receives what the Kafka client has to say.</param>
    public StreamIngest(
        KafkaSettings settings,
        TimeSpan checkpointInterval,
        IngestStatistics statistics,
        ILogger<KafkaConsumer> kafkaLog)
    {
        _settings = settings;
        _checkpointInterval = checkpointInterval;
        _statistics = statistics;
        _kafkaLog = kafkaLog;
        _deadLetters = new DeadLetterProducer(settings, kafkaLog);

        Receive<ReadWith>(message =>
        {
            _ingestors = message.Ingestors;
            Connect();
        });
        Receive<HandOver>(message =>
        {
            // A region does not stop while messages for its shards wait in it, so nothing may follow this.
            _leaving = true;
            message.Ingestors.Tell(GracefulShutdown.Instance);
        });
        Receive<ConnectNow>(_ => Connect());
        Receive<StreamIdentity>(Handle);
        Receive<Disconnected>(Handle);
        Receive<KeepAllReading>(_ => KeepReading());
        Receive<AcquirePartition>(Handle);
        Receive<Lent>(Handle);
        Receive<NotLent>(Handle);
        Receive<Terminated>(message => TakeBack(message.ActorRef));
        Receive<CheckpointDue>(_ =>
        {
            CommitAll(new CommitNow());
            ScheduleCheckpoint();
        });
        Receive<CheckpointRequested>(_ => CommitAll(new CommitNow(Again: true)));
        Receive<CommitNow>(CommitAll);
        Receive<SubscribeAck>(_ => { });
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        DistributedPubSub.Get(Context.System).Mediator.Tell(new Subscribe(Topic, Self));
        Timers.StartPeriodicTimer(KeepAllReading.Instance, KeepAllReading.Instance, KeepReadingInterval);
        ScheduleCheckpoint();
    }

    // What was told only once outlives this incarnation.
    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        Self.Tell(new ReadWith(_ingestors));
        if (_leaving)
            Self.Tell(new HandOver(_ingestors));
        base.PreRestart(reason, message);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _ = _consumer?.StopAsync();
        _deadLetters.Dispose();
    }

    private void Connect() =>
        StreamIdentity.ResolveAsync(_settings, BrokerTimeout).PipeTo(Self, failure: cause => new Disconnected(cause));

    private void Handle(StreamIdentity stream)
    {
        if (_outage is not null)
            _log.Warning("Kafka answers again; reading goes on.");
        _outage = null;

        if (_consumer is not null && _stream?.Identity != stream.Identity)
        {
            // The topic was made again under the running consumer: start anew, as after a failure.
            _ = _consumer.StopAsync();
            return;
        }

        _stream = stream;
        if (_consumer is null)
        {
            _consumer = KafkaConsumer.Start(_settings, stream.Identity, _statistics, _kafkaLog);
            _consumer.Completion.PipeTo(
                Self, success: () => new Disconnected(null), failure: cause => new Disconnected(cause));
        }

        KeepReading();
        Timers.StartSingleTimer(ConnectNow.Instance, ConnectNow.Instance, RefreshInterval);
    }

    private void Handle(Disconnected message)
    {
        // A question that went unanswered while the consumer goes on is no reason to give it up.
        if (_consumer is { Completion.IsCompleted: true })
            _consumer = null;

        var problem = message.Cause?.Message ?? "The consumer stopped.";
        if (_outage != problem)
            _log.Warning("{0} Trying again every {1} s.", problem, RetryDelay.TotalSeconds);
        _outage = problem;
        Timers.StartSingleTimer(ConnectNow.Instance, ConnectNow.Instance, RetryDelay);
    }

    private void KeepReading()
    {
        if (_consumer is null || _stream is null || _leaving)
            return;
        for (var partition = 0; partition < _stream.Partitions; partition++)
            _ingestors.Tell(new KeepReading(partition));
    }

    private void Handle(AcquirePartition message)
    {
        if (_consumer is not { } consumer)
        {
            Sender.Tell(new PartitionUnavailable());
            return;
        }

        var reader = Sender;
        consumer.AssignAsync(message.Partition).PipeTo(
            Self,
            success: assigned => new Lent(reader, consumer, assigned),
            failure: cause => new NotLent(reader, cause));
    }

    private void Handle(Lent message)
    {
        _readers[Context.Watch(message.Reader)] = message.Assigned;
        message.Reader.Tell(new PartitionAcquired(message.Assigned, message.Consumer, _deadLetters));
    }

    private void Handle(NotLent message)
    {
        message.Reader.Tell(new PartitionUnavailable());
        if (message.Cause is IngestException refused)
            Context.System.EventStream.Publish(new IngestRefused(refused.Message));
    }

    private void TakeBack(IActorRef reader)
    {
        if (_readers.Remove(reader, out var assigned))
            _consumer?.Unassign(assigned);
    }

    private void CommitAll(CommitNow message)
    {
        foreach (var reader in _readers.Keys)
            reader.Tell(message);
    }

    private void ScheduleCheckpoint()
    {
        var now = Context.System.Scheduler.Now.UtcTicks;
        var next = ((now / _checkpointInterval.Ticks) + 1) * _checkpointInterval.Ticks;
        Timers.StartSingleTimer(CheckpointDue.Instance, CheckpointDue.Instance, TimeSpan.FromTicks(next - now));
    }

    /// <summary>Sent once the node is a member: what the region is sent before can't go anywhere and waits in it.</summary>
    internal sealed record ReadWith(IActorRef Ingestors) : INoSerializationVerificationNeeded;

    /// <summary>The node leaves: hands its ingestors over and wakes no further ones.</summary>
    internal sealed record HandOver(IActorRef Ingestors) : INoSerializationVerificationNeeded;

    private sealed record Disconnected(Exception? Cause);

    private sealed record Lent(IActorRef Reader, KafkaConsumer Consumer, AssignedPartition Assigned);

    private sealed record NotLent(IActorRef Reader, Exception Cause);

    private sealed record ConnectNow
    {
        public static ConnectNow Instance { get; } = new();
    }

    private sealed record KeepAllReading
    {
        public static KeepAllReading Instance { get; } = new();
    }

    private sealed record CheckpointDue
    {
        public static CheckpointDue Instance { get; } = new();
    }
}
