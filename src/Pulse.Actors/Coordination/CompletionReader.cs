using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Akka.Event;
using Confluent.Kafka;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest;

namespace Pulse.Actors.Coordination;

/// <summary>
/// The thread that reads the completion topic: Confluent.Kafka's calls block, and a dispatcher's threads must not. None of its
/// calls waits for a broker without a limit.
/// </summary>
/// <remarks>
/// It takes all partitions by itself rather than as a member of the group: there is one coordinator, and one that takes
/// over from a killed one must not wait until the group has noticed. The group is told offsets for people's tools alone.
/// A completion is told only after Kafka was asked, when the record was there, which stream the topic is: so its offset is one of
/// that stream.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Its end is StopAsync, and a late Confirm must stay harmless.")]
internal sealed class CompletionReader
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(3);
    private const int ShownStatusLength = 40;

    private readonly ConsumerConfig _configuration;
    private readonly KafkaSettings _kafka;
    private readonly TopicQuestions _questions;
    private readonly ConnectionDiagnosis _diagnosis;
    private readonly ILoggingAdapter _log;
    private readonly Action<CompletionReceived> _received;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _confirmation = new(0);
    private CompletionPlaces _places = new([], _ => false);
    private CompletionConfirmed? _confirmed;
    private bool _isInTrouble;
    private bool _isStarted;

    internal CompletionReader(
        KafkaSettings kafka, TopicQuestions questions, ILoggingAdapter log, Action<CompletionReceived> received)
    {
        (_kafka, _questions, _log, _received) = (kafka, questions, log, received);
        _diagnosis = new ConnectionDiagnosis(kafka.BootstrapServers, kafka.Client);
        _configuration = new ConsumerConfig(kafka.ClientProperties())
        {
            GroupId = kafka.GroupId + CompletionListener.GroupSuffix,
            // In the client's own time: to commit at once would wait for the broker.
            EnableAutoCommit = true,
            AutoCommitIntervalMs = 1_000,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            AllowAutoCreateTopics = false,
        };
    }

    /// <summary>Begins to read.</summary>
    /// <param name="seen">What was accepted before.</param>
    internal void Start(ImmutableArray<CompletionId> seen)
    {
        if (_isStarted || _stop.IsCancellationRequested)
            return;
        _isStarted = true;
        _places = new CompletionPlaces(seen, IsEarlierName);
        new Thread(Run) { IsBackground = true, Name = "pulse-completion" }.Start();
    }

    /// <summary>The completion that is waited for has been stored.</summary>
    internal void Confirm(CompletionConfirmed confirmed)
    {
        Volatile.Write(ref _confirmed, confirmed);
        _confirmation.Release();
    }

    /// <summary>Stops the thread; complete when the consumer is closed, or has not closed in time.</summary>
    internal Task StopAsync()
    {
        _stop.Cancel();
        return _isStarted ? _stopped.Task : Task.CompletedTask;
    }

    private bool IsEarlierName(string stream) => stream == _kafka.StreamIdentity
        || (stream.Split('/', 3) is [_, var topic, .. var id] && (topic == _kafka.Topic || (topic == _kafka.CompletionTopic && id.Length == 0)));

    private void Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Read(Describe());
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (Exception failure)
            {
                // A consumer that is beyond help: take a new one. Whatever was not confirmed comes again.
                NoteTrouble(failure.Message);
                _stop.Token.WaitHandle.WaitOne(RetryInterval);
            }
        }

        _stopped.SetResult();
    }

    private TopicDescription Describe() => _questions.DescribeAsync(
            _kafka.CompletionTopic,
            _kafka.StreamIdentity is { } identity ? $"{identity}/{_kafka.CompletionTopic}" : null,
            _stop.Token)
        .GetAwaiter().GetResult();

    /// <summary>Reads the topic until it is another stream.</summary>
    private void Read(TopicDescription topic)
    {
        var consumer = NewConsumer();
        try
        {
            var stream = topic.Stream;
            var cut = new HashSet<int>();
            for (var assigned = 0; topic.Stream == stream; topic = Describe())
            {
                NoteRecovery();
                TellWhereCut(topic, cut);
                consumer.IncrementalAssign(Enumerable.Range(assigned, Math.Max(0, topic.Partitions - assigned)).Select(partition =>
                    new TopicPartitionOffset(_kafka.CompletionTopic, partition, _places[stream, partition])));
                assigned = Math.Max(assigned, topic.Partitions);
                var next = Environment.TickCount64 + (long)CheckInterval.TotalMilliseconds;
                while (Environment.TickCount64 < next)
                {
                    _stop.Token.ThrowIfCancellationRequested();
                    if (consumer.Consume(Poll) is { } record && !Handle(consumer, record, stream))
                        return;
                }
            }
        }
        finally
        {
            Close(consumer);
        }
    }

    // What was accepted is known by its offset, which a log that was cut gives to another record.
    private void TellWhereCut(TopicDescription topic, HashSet<int> told)
    {
        var spans = _questions.SpansAsync(topic.Topic, topic.Led, _stop.Token).GetAwaiter().GetResult();
        foreach (var (partition, span) in spans.Where(span => span.Value.End < _places.ReadUpTo(topic.Stream, span.Key) && told.Add(span.Key)))
            _log.Warning(
                "The log of partition {0} of the completion topic '{1}' was cut: it ends at offset {2}, and was read up to {3}. A completion that comes "
                + "below that counts as one that was exported; 'pulse export' exports its dates.",
                partition, topic.Topic, span.End, _places.ReadUpTo(topic.Stream, partition));
    }

    private IConsumer<Ignore, byte[]> NewConsumer() =>
        new ConsumerBuilder<Ignore, byte[]>(_configuration)
            .SetLogHandler((_, message) => _diagnosis.Hear(message))
            .SetErrorHandler((_, error) =>
            {
                _diagnosis.Hear(error);
                // Other errors are single connections, which the client mends by itself.
                if (error.IsFatal)
                    NoteTrouble(error.Reason);
                else if (error.Code == ErrorCode.Local_AllBrokersDown)
                    NoteTrouble(_diagnosis.Problem ?? "No broker answers.");
            })
            .Build();

    // It tells the group what it has not told yet, and a broker may be away for that. Whoever waits for it waits no longer than this.
    private static void Close(IConsumer<Ignore, byte[]> consumer)
    {
        var closing = new Thread(() =>
        {
            try
            {
                consumer.Close();
            }
            catch (KafkaException)
            {
                // The offsets were told for people alone.
            }

            consumer.Dispose();
        })
        {
            IsBackground = true, Name = "pulse-completion-close",
        };
        closing.Start();
        closing.Join(CloseLimit);
    }

    /// <returns>Whether the record is one of the stream; else the topic was made again.</returns>
    private bool Handle(IConsumer<Ignore, byte[]> consumer, ConsumeResult<Ignore, byte[]> record, string stream)
    {
        var id = new CompletionId(stream, record.Partition.Value, record.Offset.Value);
        var place = $"{_kafka.CompletionTopic} partition {id.Partition} offset {id.Offset}";
        if (!CompletionMessage.TryParse(record.Message.Value, out var message, out var mistake))
        {
            _log.Warning("A record at {0} {1}; it is skipped. Expected is "
                + "{{\"status\":\"complete\",\"timestamp\":\"…\"}}.", place, mistake);
        }
        else if (!message.IsComplete)
        {
            _log.Info("A record at {0} has the status '{1}', which means nothing here; it is skipped.",
                place, Shown(message.Status));
        }
        else
        {
            if (Describe().Stream != stream)
                return false;
            _log.Info("The stream was completed at {0:O}, says {1}.", message.TimestampUtc, place);
            _received(new CompletionReceived(id, message.TimestampUtc!.Value));
            AwaitConfirmation(id);
        }

        _places.Handled(id);
        consumer.StoreOffset(record);
        return true;
    }

    private void AwaitConfirmation(CompletionId completion)
    {
        do
            _confirmation.Wait(_stop.Token);
        while (Volatile.Read(ref _confirmed)?.Completion != completion);
    }

    private void NoteTrouble(string reason)
    {
        if (_isInTrouble || _stop.IsCancellationRequested)
            return;

        _isInTrouble = true;
        _log.Warning("The completion topic '{0}' at {1} cannot be read now; trying until it can. {2}",
            _kafka.CompletionTopic, _kafka.BootstrapServers, reason.ReplaceLineEndings(" "));
    }

    private void NoteRecovery()
    {
        _diagnosis.Answered();
        if (_isInTrouble)
            _log.Info("The completion topic '{0}' is being read.", _kafka.CompletionTopic);
        _isInTrouble = false;
    }

    private static string Shown(string status) => new(
        [.. status.Take(ShownStatusLength).Select(character => char.IsControl(character) ? '?' : character)]);
}
