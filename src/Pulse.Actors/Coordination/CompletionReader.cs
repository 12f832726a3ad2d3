using System.Diagnostics.CodeAnalysis;
using Akka.Event;
using Confluent.Kafka;

namespace Pulse.Actors.Coordination;

/// <summary>
/// The thread that reads the completion topic: Confluent.Kafka's calls block, and a dispatcher's threads must not.
/// </summary>
/// <remarks>
/// It takes all partitions by itself rather than as a member of the group: there is one coordinator, and one that takes
/// over from a killed one must not wait until the group has noticed. The group only keeps the offsets.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Its end is StopAsync, and a late Confirm must stay harmless.")]
internal sealed class CompletionReader
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MetadataDeadline = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PartitionCheckInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    // No session is ever held; it only bounds how long a commit waits for an absent broker.
    private const int SessionTimeoutMilliseconds = 6_000;
    private const int ShownStatusLength = 40;

    private readonly ConsumerConfig _configuration;
    private readonly string _topic;
    private readonly ILoggingAdapter _log;
    private readonly Action<CompletionReceived> _received;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _confirmation = new(0);
    private CompletionConfirmed? _confirmed;
    private bool _isInTrouble;
    private bool _isStarted;

    internal CompletionReader(
        ClientConfig connection, string topic, string group, ILoggingAdapter log, Action<CompletionReceived> received)
    {
        _configuration = new ConsumerConfig(new ClientConfig(connection))
        {
            GroupId = group,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            AllowAutoCreateTopics = false,
            SessionTimeoutMs = SessionTimeoutMilliseconds,
        };
        _topic = topic;
        _log = log;
        _received = received;
    }

    internal void Start()
    {
        _isStarted = true;
        new Thread(Run) { IsBackground = true, Name = "pulse-completion" }.Start();
    }

    /// <summary>The completion that is waited for has been stored; its offset may be committed.</summary>
    internal void Confirm(CompletionConfirmed confirmed)
    {
        Volatile.Write(ref _confirmed, confirmed);
        _confirmation.Release();
    }

    /// <summary>Stops the thread; complete when the consumer is closed.</summary>
    internal Task StopAsync()
    {
        _stop.Cancel();
        return _isStarted ? _stopped.Task : Task.CompletedTask;
    }

    private void Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var consumer = NewConsumer();
                try
                {
                    Read(consumer);
                }
                finally
                {
                    consumer.Close();
                }
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (Exception failure)
            {
                // A consumer that is beyond help: take a new one. Whatever was not committed comes again.
                NoteTrouble(failure.Message);
                _stop.Token.WaitHandle.WaitOne(RetryInterval);
            }
        }

        _stopped.SetResult();
    }

    private IConsumer<Ignore, byte[]> NewConsumer() =>
        new ConsumerBuilder<Ignore, byte[]>(_configuration)
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, error) =>
            {
                // Other errors are single connections, which the client mends by itself.
                if (error.IsFatal || error.Code == ErrorCode.Local_AllBrokersDown)
                    NoteTrouble(error.Reason);
            })
            .Build();

    private void Read(IConsumer<Ignore, byte[]> consumer)
    {
        using var metadata = new DependentAdminClientBuilder(consumer.Handle).Build();
        TakePartitions(consumer, metadata);
        var lastCheck = Environment.TickCount64;
        while (true)
        {
            _stop.Token.ThrowIfCancellationRequested();
            var interval = _isInTrouble ? RetryInterval : PartitionCheckInterval;
            if (Environment.TickCount64 - lastCheck >= interval.TotalMilliseconds)
            {
                TakePartitions(consumer, metadata);
                lastCheck = Environment.TickCount64;
            }

            // Where that fails, another consumer begins anew: a partition whose committed offset this one could not fetch, since the
            // group's coordinator was just moving, it might never read.
            if (consumer.Consume(Poll) is { } record)
                Handle(consumer, record);
        }
    }

    /// <summary>Adds the partitions that are not read yet.</summary>
    private void TakePartitions(IConsumer<Ignore, byte[]> consumer, IAdminClient metadata)
    {
        TopicMetadata topic;
        try
        {
            topic = metadata.GetMetadata(_topic, MetadataDeadline).Topics.Single();
        }
        catch (KafkaException failure)
        {
            NoteTrouble(failure.Error.Reason);
            return;
        }

        if (topic.Error.IsError)
        {
            NoteTrouble(topic.Error.Reason);
            return;
        }

        if (_isInTrouble)
            _log.Info("The completion topic '{0}' is being read.", _topic);
        _isInTrouble = false;

        // Without an offset the client takes the committed one, or the earliest where there is none.
        var known = consumer.Assignment.Select(partition => partition.Partition.Value).ToHashSet();
        var added = topic.Partitions
            .Where(partition => !known.Contains(partition.PartitionId))
            .Select(partition => new TopicPartition(_topic, partition.PartitionId))
            .ToList();
        if (added.Count > 0)
            consumer.IncrementalAssign(added);
    }

    private void Handle(IConsumer<Ignore, byte[]> consumer, ConsumeResult<Ignore, byte[]> record)
    {
        var place = $"{_topic} partition {record.Partition.Value} offset {record.Offset.Value}";
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
            _log.Info("The stream was completed at {0:O}, says {1}.", message.TimestampUtc, place);
            _received(new CompletionReceived(record.Partition.Value, record.Offset.Value, message.TimestampUtc!.Value));
            AwaitConfirmation(record.TopicPartitionOffset);
        }

        Commit(consumer, record.TopicPartitionOffset);
    }

    private void AwaitConfirmation(TopicPartitionOffset place)
    {
        do
            _confirmation.Wait(_stop.Token);
        while (Volatile.Read(ref _confirmed) is not { } confirmed
               || confirmed.Partition != place.Partition.Value || confirmed.Offset != place.Offset.Value);
    }

    private void Commit(IConsumer<Ignore, byte[]> consumer, TopicPartitionOffset place)
    {
        var isCommitted = false;
        while (!isCommitted)
        {
            try
            {
                consumer.Commit([new TopicPartitionOffset(place.TopicPartition, place.Offset + 1)]);
                isCommitted = true;
            }
            catch (KafkaException failure) when (!failure.Error.IsFatal)
            {
                NoteTrouble(failure.Error.Reason);
                if (_stop.Token.WaitHandle.WaitOne(RetryInterval))
                    // Delivered again at the next start, and recognised there.
                    return;
            }
        }
    }

    private void NoteTrouble(string reason)
    {
        if (_isInTrouble || _stop.IsCancellationRequested)
            return;

        _isInTrouble = true;
        _log.Warning("The completion topic '{0}' at {1} cannot be read now; trying until it can. {2}",
            _topic, _configuration.BootstrapServers, reason.ReplaceLineEndings(" "));
    }

    private static string Shown(string status) => new(
        [.. status.Take(ShownStatusLength).Select(character => char.IsControl(character) ? '?' : character)]);
}
