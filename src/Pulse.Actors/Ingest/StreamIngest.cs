using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Broker;

namespace Pulse.Actors.Ingest;

/// <summary>
/// A node's side of the ingest: keeps one consumer, lends partitions of it to the ingestors that sharding starts here, sees
/// to it that every partition has one, and has its own flush whenever the coordinator asks.
/// </summary>
public sealed class StreamIngest : ReceiveActor, IWithTimers
{
    /// <summary>The publish-subscribe topic of <see cref="CheckpointRequested"/>.</summary>
    public const string Topic = "pulse-ingest";

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeepReadingInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan OldStreamDelay = TimeSpan.FromMilliseconds(100);

    private readonly KafkaSettings _settings;
    private readonly TopicQuestions _questions;
    private readonly IngestStatistics _statistics;
    private readonly ILogger _kafkaLog;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly DeadLetterProducer _deadLetters;
    private readonly Dictionary<IActorRef, AssignedPartition> _readers = [];
    private IActorRef _ingestors = ActorRefs.Nobody;
    private KafkaConsumer? _consumer;
    private TopicDescription? _stream;
    private string? _outage;
    private bool _leaving;

    /// <summary>Makes the ingest side; it reads as soon as the broker says which stream the topic is.</summary>
    /// <param name="settings">How to reach Kafka.</param>
    /// <param name="questions">Says what the topic is.</param>
    /// <param name="statistics">What people and telemetry read.</param>
    /// <param name="kafkaLog">Receives what the Kafka client has to say.</param>
    public StreamIngest(
        KafkaSettings settings, TopicQuestions questions, IngestStatistics statistics, ILogger<KafkaConsumer> kafkaLog)
    {
        _settings = settings;
        _questions = questions;
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
        // All ingestors find it at the same moment, and one question is enough.
        Receive<AskIdentity>(_ => ConnectIn(OldStreamDelay));
        Receive<TopicDescription>(Handle);
        Receive<Disconnected>(Handle);
        Receive<KeepAllReading>(_ => KeepReading());
        Receive<AcquirePartition>(Handle);
        Receive<Lent>(Handle);
        Receive<NotLent>(message => message.Reader.Tell(new PartitionUnavailable()));
        Receive<Terminated>(message => TakeBack(message.ActorRef));
        Receive<CheckpointRequested>(_ => FlushAll());
        Receive<FlushNow>(_ => FlushAll());
        Receive<SubscribeAck>(_ => { });
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        DistributedPubSub.Get(Context.System).Mediator.Tell(new Subscribe(Topic, Self));
        Timers.StartPeriodicTimer(KeepAllReading.Instance, KeepAllReading.Instance, KeepReadingInterval);
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
        _questions.DescribeAsync(CancellationToken.None).PipeTo(Self, failure: cause => new Disconnected(cause));

    private void ConnectIn(TimeSpan delay) =>
        Timers.StartSingleTimer(ConnectNow.Instance, ConnectNow.Instance, delay);

    private void Handle(TopicDescription stream)
    {
        if (_outage is not null)
            _log.Warning("Kafka answers again; reading goes on.");
        _outage = null;

        if (_consumer is not null && _stream?.Stream != stream.Stream)
        {
            // The topic was made again under the running consumer: start anew, as after a failure.
            _ = _consumer.StopAsync();
            return;
        }

        _stream = stream;
        if (_consumer is null)
        {
            _consumer = KafkaConsumer.Start(_settings, stream.Stream, _statistics, _kafkaLog);
            _consumer.Completion.PipeTo(
                Self, success: () => new Disconnected(null), failure: cause => new Disconnected(cause));
        }

        KeepReading();
        ConnectIn(RefreshInterval);
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
        ConnectIn(RetryDelay);
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
            failure: _ => new NotLent(reader));
    }

    private void Handle(Lent message)
    {
        _readers[Context.Watch(message.Reader)] = message.Assigned;
        message.Reader.Tell(new PartitionAcquired(message.Assigned, message.Consumer, _deadLetters));
    }

    private void TakeBack(IActorRef reader)
    {
        if (_readers.Remove(reader, out var assigned))
            _consumer?.Unassign(assigned);
    }

    private void FlushAll()
    {
        foreach (var reader in _readers.Keys)
            reader.Tell(FlushNow.Instance);
    }

    /// <summary>Sent once the node is a member: what the region is sent before can't go anywhere and waits in it.</summary>
    internal sealed record ReadWith(IActorRef Ingestors) : INoSerializationVerificationNeeded;

    /// <summary>The node leaves: hands its ingestors over and wakes no further ones.</summary>
    internal sealed record HandOver(IActorRef Ingestors) : INoSerializationVerificationNeeded;

    private sealed record Disconnected(Exception? Cause);

    private sealed record Lent(IActorRef Reader, KafkaConsumer Consumer, AssignedPartition Assigned);

    private sealed record NotLent(IActorRef Reader);

    private sealed record ConnectNow
    {
        public static ConnectNow Instance { get; } = new();
    }

    private sealed record KeepAllReading
    {
        public static KeepAllReading Instance { get; } = new();
    }
}
