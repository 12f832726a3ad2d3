using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Broker;
using Pulse.Actors.Storage;
using Pulse.Counting;

namespace Pulse.Actors.Ingest.Sinks;

/// <summary>
/// Sends the bad records of the partitions that this node reads to the dead-letter topic, beside counting, which never waits for
/// it. Ingestors tell it where bad records are. It has a stored position in each partition, which it moves only over what was
/// delivered: so each is sent at least once, whatever dies. One per node.
/// </summary>
internal sealed class DeadLetterSink : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan ReadInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan StoreInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Reminder = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan IdlePatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StorageTimeout = TimeSpan.FromSeconds(10);

    private readonly KafkaSettings _settings;
    private readonly SinkRules _rules;
    private readonly SinkPositions _positions;
    private readonly DeadLetterStatistics _statistics;
    private readonly ILogger _kafkaLog;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<StreamPartition, SinkPartition> _partitions = [];
    private readonly Dictionary<StreamPartition, long> _left = [];
    private readonly List<IActorRef> _finishing = [];
    private DeadLetterCourier? _courier;
    private bool _isStorageBusy;
    private long _busyAt;
    private long _retryAt;
    private long _remindAt;

    /// <summary>For <see cref="Props"/>, which makes it by reflection.</summary>
    /// <param name="settings">The brokers and topics.</param>
    /// <param name="rules">What records are judged by.</param>
    /// <param name="positions">The stored positions.</param>
    /// <param name="statistics">What people and telemetry read.</param>
    /// <param name="kafkaLog">Receives what the Kafka client has to say.</param>
    public DeadLetterSink(
        KafkaSettings settings, SinkRules rules, SinkPositions positions, DeadLetterStatistics statistics, ILogger kafkaLog)
    {
        (_settings, _rules, _positions, _statistics, _kafkaLog) = (settings, rules, positions, statistics, kafkaLog);
        Receive<RecordsHandled>(Handle);
        Receive<Terminated>(message => Leave(message.ActorRef));
        Receive<ReadNow>(_ => Read());
        Receive<StoreNow>(_ => UseStorage());
        Receive<PositionsRead>(Handle);
        Receive<PositionsStored>(Handle);
        Receive<StorageFailed>(Handle);
        Receive<LettersSent>(Handle);
        Receive<RecordsGone>(Handle);
        Receive<CourierEnded>(Handle);
        Receive<FinishSending>(_ => _finishing.Add(Sender));
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private static long Now => Environment.TickCount64;

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(ReadNow.Instance, ReadNow.Instance, ReadInterval);
        Timers.StartPeriodicTimer(StoreNow.Instance, StoreNow.Instance, StoreInterval);
    }

    /// <inheritdoc />
    protected override void PostStop() => _courier?.Stop();

    private void Handle(RecordsHandled message)
    {
        var partition = _partitions.GetValueOrDefault(message.Partition);
        if (partition is not null && !partition.Ingestor.Equals(Sender))
        {
            // Another node may have had it in between, and has stored how far it came.
            Leave(partition);
            partition = null;
        }

        if (partition is null)
        {
            partition = new SinkPartition(message.Partition, Context.Watch(Sender));
            _partitions.Add(message.Partition, partition);
            UseStorage();
        }

        partition.Hear(message);
        if (partition.Backlog is { } backlog)
            _statistics.Stand(message.Partition.Partition, backlog.Position);
    }

    private void Leave(IActorRef ingestor)
    {
        if (_partitions.Values.FirstOrDefault(each => each.Ingestor.Equals(ingestor)) is { } partition)
            Leave(partition);
        UseStorage();
    }

    private void Leave(SinkPartition partition)
    {
        _partitions.Remove(partition.Partition);
        _statistics.Release(partition.Partition.Partition);
        if (partition.Reading is { } reading)
            _courier?.Leave(reading);
        if (partition.HasMoved)
            _left[partition.Partition] = partition.Backlog!.Position;
    }

    private void Read()
    {
        _statistics.Wait(_partitions.Values.All(each => each.Backlog?.Waiting is not null)
            ? _partitions.Values.Sum(each => each.Backlog!.Waiting)
            : null);
        foreach (var partition in _partitions.Values)
            Read(partition);
        if (_partitions.Count == 0)
            _statistics.Fail(null);
        else if (_partitions.Values.All(each => each.Backlog is { Next: null }))
            Recover();
        if (_courier is not null && Now - _busyAt > IdlePatience.TotalMilliseconds)
        {
            _courier.Stop();
            _courier = null;
        }

        AnswerWhereFinished();
    }

    private void Read(SinkPartition partition)
    {
        if (partition.Backlog?.Next is not { } range || Now < _retryAt)
            return;
        _busyAt = Now;
        if (partition.Reading is not null)
            return;
        _courier ??= DeadLetterCourier.Start(_settings, _rules, Self, _statistics.Client, _kafkaLog);
        partition.Reading = new SinkReading(partition.Partition, range.From, range.To);
        _courier.Read(partition.Reading);
    }

    private void Handle(LettersSent message)
    {
        _statistics.Delivered(message.Sent);
        if (ReaderOf(message.Reading) is not { } partition)
            return;
        partition.Backlog!.Sent(message.Position, message.Sent);
        _statistics.Stand(partition.Partition.Partition, partition.Backlog.Position);
        if (message.Sent > 0)
            Recover();
        if (message.Position < message.Reading.To)
            return;
        partition.Reading = null;
        // The newest range grows for a moment yet; older ones need not wait.
        if (partition.Backlog.Ranges > 1)
            Read(partition);
    }

    private void Handle(RecordsGone message) => _log.Warning(
        "The log of {0} begins at offset {1} now: bad records from {2} on that were not sent to the dead-letter topic can't be sent "
        + "any more. Retention must be longer than any outage.",
        message.Reading.Partition, message.To, message.From);

    private void Handle(CourierEnded message)
    {
        // One that was stopped has a successor, or nothing to do.
        if (message.Courier != _courier)
            return;
        _courier = null;
        foreach (var partition in _partitions.Values)
            partition.Reading = null;
        _retryAt = Now + (long)RetryDelay.TotalMilliseconds;
        if (_statistics.Problem is null || Now >= _remindAt)
        {
            _remindAt = Now + (long)Reminder.TotalMilliseconds;
            _log.Warning(
                "Dead letters wait: {0} Counting goes on, and nothing is lost as long as the log keeps them. Trying again every {1} s.",
                message.Problem, RetryDelay.TotalSeconds);
        }

        _statistics.Fail(message.Problem);
    }

    private void Recover()
    {
        if (_statistics.Problem is null)
            return;
        _statistics.Fail(null);
        _log.Warning("Dead letters are sent again.");
    }

    private SinkPartition? ReaderOf(SinkReading reading) =>
        _partitions.GetValueOrDefault(reading.Partition) is { } partition && partition.Reading == reading ? partition : null;

    private void AnswerWhereFinished()
    {
        if (_statistics.Problem is null && _partitions.Values.Any(each => each.Backlog is not { Next: null }))
            return;
        foreach (var asker in _finishing)
            asker.Tell(Akka.Done.Instance);
        _finishing.Clear();
    }

    // One thing at a time, and what was left before what is read: a partition may come back at once.
    private void UseStorage()
    {
        if (_isStorageBusy)
            return;
        Dictionary<StreamPartition, long> moved = new(_left);
        foreach (var partition in _partitions.Values.Where(each => each.HasMoved))
            moved[partition.Partition] = partition.Backlog!.Position;
        var unknown = _partitions.Values.FirstOrDefault(each => each.Backlog is null)?.Partition.Stream;
        if (moved.Count > 0)
            Ask(async token =>
            {
                await _positions.StoreAsync(SinkPositions.DeadLetters, moved, token).ConfigureAwait(false);
                return new PositionsStored(moved);
            });
        else if (unknown is not null)
            Ask(async token => new PositionsRead(
                unknown, await _positions.ReadAsync(SinkPositions.DeadLetters, unknown, token).ConfigureAwait(false)));
    }

    private void Ask<T>(Func<CancellationToken, Task<T>> question)
    {
        _isStorageBusy = true;
        AskInTimeAsync(question).PipeTo(Self, failure: cause => new StorageFailed(cause));
    }

    private static async Task<T> AskInTimeAsync<T>(Func<CancellationToken, Task<T>> question)
    {
        using var limit = new CancellationTokenSource(StorageTimeout);
        return await question(limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
    }

    private void Handle(PositionsRead message)
    {
        _isStorageBusy = false;
        foreach (var partition in _partitions.Values.Where(each => each.Backlog is null && each.Partition.Stream == message.Stream))
        {
            partition.Begin(message.Positions.GetValueOrDefault(partition.Partition.Partition));
            _statistics.Stand(partition.Partition.Partition, partition.Backlog!.Position);
        }
    }

    private void Handle(PositionsStored message)
    {
        _isStorageBusy = false;
        foreach (var (partition, position) in message.Positions)
        {
            if (_left.GetValueOrDefault(partition) == position)
                _left.Remove(partition);
            if (_partitions.TryGetValue(partition, out var stored) && stored.Backlog is not null)
                stored.Stored = Math.Max(stored.Stored, position);
        }

        if (_partitions.Values.Any(each => each.Backlog is null))
            UseStorage();
    }

    private void Handle(StorageFailed message)
    {
        _isStorageBusy = false;
        // The storage monitor says it aloud; the next round tries again.
        _log.Debug("The positions of dead letters were not stored or read: {0}", message.Cause.Message);
    }

    private sealed record PositionsRead(string Stream, IReadOnlyDictionary<int, long> Positions);

    private sealed record PositionsStored(IReadOnlyDictionary<StreamPartition, long> Positions);

    private sealed record StorageFailed(Exception Cause);

    private sealed record ReadNow : INoSerializationVerificationNeeded
    {
        public static ReadNow Instance { get; } = new();
    }

    private sealed record StoreNow : INoSerializationVerificationNeeded
    {
        public static StoreNow Instance { get; } = new();
    }
}
