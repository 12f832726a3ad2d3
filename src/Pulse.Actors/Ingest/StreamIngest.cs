using System.Globalization;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Broker;
using Pulse.Actors.Storage.Streams;

namespace Pulse.Actors.Ingest;

/// <summary>
/// A node's side of the ingest: keeps one <see cref="TopicReader"/>, lends partitions of it to the ingestors that sharding starts here, sees
/// to it that every partition has one, and has its own flush whenever the coordinator asks.
/// </summary>
public sealed class StreamIngest : ReceiveActor, IWithTimers
{
    /// <summary>The publish-subscribe topic of <see cref="CheckpointRequested"/>.</summary>
    public const string Topic = "pulse-ingest";

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeepReadingInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan OldStreamDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>A client that has not come back from a call for so long is said to be stuck.</summary>
    internal static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(5);

    /// <summary>A client that has not come back from a call for so long is given up.</summary>
    internal static readonly TimeSpan ReaderPatience = TimeSpan.FromSeconds(30);

    /// <summary>So many clients are given up; each keeps a thread and its memory.</summary>
    internal const int MostAbandoned = 3;

    private readonly KafkaSettings _settings;
    private readonly StreamAdmission _streams;
    private readonly LogSpans _spans;
    private readonly IngestStatistics _statistics;
    private readonly ILogger _kafkaLog;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly StuckTime _stuckTime = new();
    private readonly Dictionary<IActorRef, AssignedPartition> _assigned = [];
    private IActorRef _ingestors = ActorRefs.Nobody;
    private TopicReader? _reader;
    private TopicReader? _ending;
    private TopicDescription? _stream;
    private string? _outage;
    private string? _groupRefuses;
    private int _abandoned;
    private bool _leaving;

    /// <summary>Makes the ingest side; it reads as soon as the broker says which stream the topic is.</summary>
    /// <param name="settings">How to reach Kafka.</param>
    /// <param name="streams">Says which stream the topic is.</param>
    /// <param name="spans">Says what logs hold.</param>
    /// <param name="statistics">What people and telemetry read.</param>
    /// <param name="kafkaLog">Receives what the Kafka client has to say.</param>
    public StreamIngest(
        KafkaSettings settings, StreamAdmission streams, LogSpans spans, IngestStatistics statistics, ILogger<TopicReader> kafkaLog)
    {
        _settings = settings;
        _streams = streams;
        _spans = spans;
        _statistics = statistics;
        _kafkaLog = kafkaLog;

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
        Receive<ReaderEnded>(Handle);
        Receive<ReadAnew>(Handle);
        Receive<KeepAllReading>(_ =>
        {
            TellOfGroup();
            KeepReading();
        });
        Receive<AcquirePartition>(Handle);
        Receive<PartitionGivenBack>(_ => TakeBack(Sender));
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
        Context.System.EventStream.Subscribe(Self, typeof(ReadAnew));
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
    protected override void PostStop() => _ = _reader?.StopAsync();

    private void Connect() =>
        _streams.DescribeAsync(CancellationToken.None).PipeTo(Self, failure: cause => new Disconnected(cause));

    private void ConnectIn(TimeSpan delay) =>
        Timers.StartSingleTimer(ConnectNow.Instance, ConnectNow.Instance, delay);

    private void Handle(TopicDescription stream)
    {
        if (_outage is not null)
            _log.Warning("Kafka answers again; reading goes on.");
        _outage = null;

        if (_reader is not null && _stream?.Stream != stream.Stream)
        {
            // The topic was made again under the running reader: start anew, as after a failure. The client would adopt the new
            // topic silently, and go on at the old one's offsets.
            _ = _reader.StopAsync();
            return;
        }

        _stream = stream;
        if (_reader is null && _abandoned < MostAbandoned)
        {
            var reader = TopicReader.Start(_settings, stream.Stream, _statistics.Reader, _kafkaLog);
            reader.Completion.PipeTo(
                Self, success: () => new ReaderEnded(reader, null), failure: cause => new ReaderEnded(reader, cause));
            _reader = reader;
            _statistics.HasNewClient();
        }

        KeepReading();
        ConnectIn(RefreshInterval);
    }

    private void Handle(ReaderEnded message)
    {
        // One that was given up is replaced already.
        if (message.Reader != _reader)
            return;
        _reader = null;
        if (message.Cause is null)
            // It was asked to stop, by this actor alone: there is another stream to read, or none.
            Connect();
        else
            Handle(new Disconnected(message.Cause));
    }

    // A question that went unanswered while the reader goes on is no reason to give it up.
    private void Handle(Disconnected message)
    {
        // What it reads may come from there.
        if (message.Cause is StreamRefusedException)
            _ = _reader?.StopAsync();

        var problem = message.Cause.Message;
        if (_outage != problem)
            _log.Warning("{0} Trying again every {1} s.", problem, RetryDelay.TotalSeconds);
        _outage = problem;
        ConnectIn(RetryDelay);
    }

    // Partitions may ask for it together.
    private void Handle(ReadAnew message)
    {
        if (_reader is not { } reader || _reader == _ending)
            return;
        _log.Info("A new Kafka client is started: the old one may no longer receive the records of partition {0}.", message.Partition);
        _ending = reader;
        _ = reader.StopAsync();
    }

    // Nothing of Pulse depends on it, but monitors of the group show a lag that there is not.
    private void TellOfGroup()
    {
        var reason = _statistics.GroupRefuses;
        if (reason == _groupRefuses)
            return;
        if (reason is not null)
            _log.Warning(
                "Offsets can't be committed to the consumer group '{0}': {1}. Counting goes on, but monitors of the group show a growing lag. "
                + "Give the node's user the right to read the group (Pulse:Kafka:GroupId).",
                _settings.GroupId, reason);
        else
            _log.Info("Offsets are committed to the consumer group '{0}' again.", _settings.GroupId);
        _groupRefuses = reason;
    }

    private void KeepReading()
    {
        AbandonWhereStuck();
        if (_reader is null || _stream is null || _leaving)
            return;
        for (var partition = 0; partition < _stream.Partitions; partition++)
            _ingestors.Tell(new KeepReading(partition));
    }

    private void AbandonWhereStuck()
    {
        var stuck = _reader is { Completion.IsCompleted: false } reader
            ? _stuckTime.Look(reader.Silence, Environment.TickCount64)
            : TimeSpan.Zero;
        _statistics.Stuck = stuck < StuckAfter ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"the node's Kafka client has not come back from a call since {Context.System.Scheduler.Now.UtcDateTime - stuck:HH:mm:ss} UTC");
        if (stuck < ReaderPatience)
            return;
        _abandoned++;
        _log.Error(
            "The Kafka client has not come back from a call for {0:0} s; it is given up, and another one reads on ({1} of {2} times).",
            stuck.TotalSeconds, _abandoned, MostAbandoned);
        _reader!.Abandon();
        _reader = null;
        if (_abandoned < MostAbandoned)
            Connect();
        else
            Context.System.EventStream.Publish(new IngestRefused(
                $"The Kafka client got stuck {MostAbandoned} times, so the node ends. Start it again; if that goes on, look at the "
                + "broker's and the machine's logs, and report it."));
    }

    private void Handle(AcquirePartition message)
    {
        if (_reader is not { Completion.IsCompleted: false } reader)
        {
            Sender.Tell(new PartitionUnavailable());
            return;
        }

        if (_assigned.Remove(Sender, out var former))
            reader.Unassign(former);
        var assigned = reader.Assign(message.Partition);
        _assigned[Context.Watch(Sender)] = assigned;
        Sender.Tell(new PartitionAcquired(assigned, reader, _spans));
    }

    private void TakeBack(IActorRef ingestor)
    {
        if (_assigned.Remove(ingestor, out var assigned))
            _reader?.Unassign(assigned);
    }

    private void FlushAll()
    {
        foreach (var ingestor in _assigned.Keys)
            ingestor.Tell(FlushNow.Instance);
    }

    /// <summary>Sent once the node is a member: what the region is sent before can't go anywhere and waits in it.</summary>
    internal sealed record ReadWith(IActorRef Ingestors) : INoSerializationVerificationNeeded;

    /// <summary>The node leaves: hands its ingestors over and wakes no further ones.</summary>
    internal sealed record HandOver(IActorRef Ingestors) : INoSerializationVerificationNeeded;

    private sealed record Disconnected(Exception Cause);

    private sealed record ReaderEnded(TopicReader Reader, Exception? Cause);

    private sealed record ConnectNow
    {
        public static ConnectNow Instance { get; } = new();
    }

    private sealed record KeepAllReading
    {
        public static KeepAllReading Instance { get; } = new();
    }
}
