using System.Collections.Concurrent;
using System.Threading.Channels;
using Akka;
using Akka.Streams.Dsl;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Reads the stream as a member of the consumer group: a source of assigned partitions, each with a source of record
/// batches, and a control to commit, rewind and drain. The surface follows Akka.Streams.Kafka's committable
/// partitioned source, with batches in place of records.
/// </summary>
/// <remarks>
/// One thread of its own polls the client, since a poll blocks; everything that must happen between polls reaches it
/// as a request. A partition whose reader falls behind is paused, so memory stays bounded.
/// </remarks>
public sealed class KafkaConsumer
{
    /// <summary>How long a partition that is taken back may be kept to commit what was handled.</summary>
    public static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(10);

    private const int BatchesAhead = 4;
    private const int RecordsPerBatch = 2_000;
    private const int BytesPerBatch = 512 * 1024;
    private static readonly TimeSpan IdlePoll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan BrokerTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FullReaderPatience = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan StatusInterval = TimeSpan.FromMilliseconds(500);

    private readonly KafkaSettings _settings;
    private readonly string _stream;
    private readonly IngestStatistics _statistics;
    private readonly ILogger _log;
    private readonly Channel<AssignedPartition> _assignments = Channel.CreateUnbounded<AssignedPartition>();
    private readonly ConcurrentQueue<Action<IConsumer<int, int>>> _requests = new();
    private readonly Dictionary<int, Reading> _readings = [];
    private readonly CopyingDeserializer _key = new();
    private readonly CopyingDeserializer _value = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IConsumer<int, int>? _consumer;
    private volatile bool _stopping;
    private long _nextStatus;

    private KafkaConsumer(KafkaSettings settings, string stream, IngestStatistics statistics, ILogger log)
    {
        _settings = settings;
        _stream = stream;
        _statistics = statistics;
        _log = log;
    }

    /// <summary>The partitions that the group gives to this member, as it gives them.</summary>
    public Source<AssignedPartition, NotUsed> Partitions => ChannelSource.FromReader(_assignments.Reader);

    /// <summary>
    /// Completes when the consumer has left the group; faults with <see cref="IngestException"/> when the stream can't
    /// be read as it is, and with <see cref="KafkaException"/> when the client failed and a new consumer may do better.
    /// </summary>
    public Task Completion => _completion.Task;

    /// <summary>Joins the group and starts to poll.</summary>
    /// <param name="settings">The brokers, topic and group.</param>
    /// <param name="stream">The stream's identity, from <see cref="StreamIdentity"/>.</param>
    /// <param name="statistics">Receives the ends of partitions.</param>
    /// <param name="log">Receives what the client has to say.</param>
    public static KafkaConsumer Start(
        KafkaSettings settings, string stream, IngestStatistics statistics, ILogger log)
    {
        var consumer = new KafkaConsumer(settings, stream, statistics, log);
        new Thread(consumer.Run) { IsBackground = true, Name = "pulse-kafka-poll" }.Start();
        return consumer;
    }

    /// <summary>Commits the position of a partition to the group.</summary>
    /// <exception cref="KafkaException">The broker refused or did not answer.</exception>
    public Task CommitAsync(StreamPartition partition, long position)
    {
        var consumer = _consumer ?? throw new KafkaException(ErrorCode.Local_State);
        return Task.Run(() => consumer.Commit([new TopicPartitionOffset(TopicPartitionOf(partition), position)]));
    }

    /// <summary>
    /// Reads a partition again from its committed offset. Batches of an older epoch than the answer's are stale.
    /// </summary>
    /// <exception cref="KafkaException">The broker did not answer, or the partition is assigned no longer.</exception>
    public Task<(int Epoch, long Committed)> RewindAsync(StreamPartition partition)
    {
        var done = new TaskCompletionSource<(int, long)>(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests.Enqueue(consumer =>
        {
            try
            {
                done.TrySetResult(Rewind(consumer, partition));
            }
            catch (Exception exception) when (exception is KafkaException or IngestException)
            {
                done.TrySetException(exception);
            }
        });
        _ = _completion.Task.ContinueWith(
            _ => done.TrySetException(new KafkaException(ErrorCode.Local_State)), TaskScheduler.Default);
        return done.Task;
    }

    /// <summary>Takes all partitions back in good order, waits until they are released, and leaves the group.</summary>
    public Task StopAsync()
    {
        _stopping = true;
        return Completion;
    }

    private void Run()
    {
        try
        {
            using var consumer = new ConsumerBuilder<int, int>(_settings.ConsumerConfig())
                .SetKeyDeserializer(_key)
                .SetValueDeserializer(_value)
                .SetPartitionsAssignedHandler(Assign)
                .SetPartitionsRevokedHandler((_, partitions) => TakeBack(partitions, RevocationKind.Revoked))
                .SetPartitionsLostHandler((_, partitions) => TakeBack(partitions, RevocationKind.Lost))
                .SetLogHandler((_, message) => _log.LogDebug("Kafka client: {Message}", message.Message))
                .SetErrorHandler((_, error) => _log.LogDebug("Kafka client: {Reason}", error.Reason))
                .Build();
            _consumer = consumer;
            try
            {
                consumer.Subscribe(_settings.Topic);
                while (!_stopping)
                    Poll(consumer);
                TakeBackAll(RevocationKind.Revoked);
            }
            finally
            {
                TakeBackAll(RevocationKind.Lost);
                _consumer = null;
                consumer.Close();
            }

            _completion.TrySetResult();
        }
        catch (Exception exception)
        {
            _completion.TrySetException(exception);
        }
        finally
        {
            _assignments.Writer.TryComplete();
        }
    }

    private void Poll(IConsumer<int, int> consumer)
    {
        while (_requests.TryDequeue(out var request))
            request(consumer);
        Report(consumer);
        var hasRecords = PublishPaused(consumer);

        var result = consumer.Consume(hasRecords ? TimeSpan.Zero : IdlePoll);
        if (result is null)
        {
            foreach (var reading in _readings.Values)
                Publish(consumer, reading);
            return;
        }

        // A record of a partition that was taken back in this very poll.
        if (!_readings.TryGetValue(result.Partition.Value, out var target))
            return;

        var batch = target.Filling ??= new RecordBatch(target.Epoch);
        if (result.IsPartitionEOF)
        {
            batch.ReachedEnd(result.Offset.Value);
            return;
        }

        batch.Add(
            result.Offset.Value,
            result.Message.Timestamp.Type == TimestampType.NotAvailable ? -1 : result.Message.Timestamp.UnixTimestampMs,
            _key.Bytes(result.Message.Key),
            _value.Bytes(result.Message.Value));
        if (batch.Count >= RecordsPerBatch || batch.SizeInBytes >= BytesPerBatch)
            Publish(consumer, target);
    }

    /// <summary>Offers what paused partitions hold; says whether any other partition has a batch that is being filled.</summary>
    private bool PublishPaused(IConsumer<int, int> consumer)
    {
        var hasRecords = false;
        foreach (var reading in _readings.Values)
        {
            if (reading.IsPaused)
                Publish(consumer, reading);
            else
                hasRecords |= reading.Filling is not null;
        }

        return hasRecords;
    }

    private void Publish(IConsumer<int, int> consumer, Reading reading)
    {
        if (reading.Filling is not { } batch)
            return;

        var written = reading.Assigned.Writer.TryWrite(batch)
            || (!reading.IsPaused && SpinWait.SpinUntil(() => reading.Assigned.Writer.TryWrite(batch), FullReaderPatience));
        if (written)
            reading.Filling = null;

        // Pausing makes the client throw away what it has fetched, so it is the last resort.
        if (written == reading.IsPaused)
        {
            if (written)
                consumer.Resume([TopicPartitionOf(reading.Assigned.Partition)]);
            else
                consumer.Pause([TopicPartitionOf(reading.Assigned.Partition)]);
            reading.IsPaused = !written;
        }
    }

    private IEnumerable<TopicPartitionOffset> Assign(IConsumer<int, int> consumer, List<TopicPartition> partitions)
    {
        var starts = StartOffsets(consumer, partitions);
        foreach (var start in starts)
        {
            var number = start.Partition.Value;
            var assigned = new AssignedPartition(new StreamPartition(_stream, number), start.Offset.Value, BatchesAhead);
            _readings[number] = new Reading(assigned);
            _statistics.Assigned(number);
            _assignments.Writer.TryWrite(assigned);
        }

        return starts;
    }

    /// <summary>The committed offset of each partition, or its first one where nothing is committed.</summary>
    private List<TopicPartitionOffset> StartOffsets(IConsumer<int, int> consumer, List<TopicPartition> partitions)
    {
        var starts = new List<TopicPartitionOffset>(partitions.Count);
        foreach (var committed in consumer.Committed(partitions, BrokerTimeout))
        {
            var ends = consumer.QueryWatermarkOffsets(committed.TopicPartition, BrokerTimeout);
            var offset = committed.Offset.IsSpecial ? ends.Low.Value : committed.Offset.Value;
            if (offset > ends.High.Value)
                throw new IngestException(
                    $"Group '{_settings.GroupId}' has committed offset {offset} of {committed.TopicPartition.Topic}"
                    + $"[{committed.Partition.Value}], but the partition ends at {ends.High.Value}: the topic was made "
                    + "again or lost records. Restore the topic, or reset the group's offsets with "
                    + "kafka-consumer-groups --reset-offsets.");
            if (offset < ends.Low.Value)
            {
                _log.LogError(
                    "{Topic}[{Partition}]: retention removed offsets {From} to {To} before they were counted; "
                    + "those events are lost. Lengthen the topic's retention.",
                    committed.TopicPartition.Topic, committed.Partition.Value, offset, ends.Low.Value);
                offset = ends.Low.Value;
            }

            starts.Add(new TopicPartitionOffset(committed.TopicPartition, offset));
        }

        return starts;
    }

    private (int Epoch, long Committed) Rewind(IConsumer<int, int> consumer, StreamPartition partition)
    {
        if (!_readings.TryGetValue(partition.Partition, out var reading))
            throw new KafkaException(ErrorCode.Local_UnknownPartition);

        var start = StartOffsets(consumer, [TopicPartitionOf(partition)])[0];
        consumer.Seek(start);
        reading.Filling?.Dispose();
        reading.Filling = null;
        reading.Epoch++;
        if (reading.IsPaused)
            consumer.Resume([start.TopicPartition]);
        reading.IsPaused = false;
        return (reading.Epoch, start.Offset.Value);
    }

    private void TakeBackAll(RevocationKind kind) => TakeBack(_readings.Keys.ToList(), kind);

    private void TakeBack(List<TopicPartitionOffset> partitions, RevocationKind kind) =>
        TakeBack(partitions.ConvertAll(partition => partition.Partition.Value), kind);

    private void TakeBack(List<int> partitions, RevocationKind kind)
    {
        var released = new List<Task>(partitions.Count);
        foreach (var partition in partitions)
        {
            if (!_readings.Remove(partition, out var reading))
                continue;
            reading.Filling?.Dispose();
            reading.Assigned.Revoke(kind);
            released.Add(reading.Assigned.Released);
            _statistics.Released(partition);
        }

        // Until this returns, the group gives the partitions to nobody: the time to commit what was handled.
        if (kind == RevocationKind.Revoked && !Task.WaitAll([.. released], DrainTimeout))
            _log.LogWarning("Partitions {Partitions} were given back before everything was committed; "
                + "their next reader replays.", string.Join(", ", partitions));
    }

    private void Report(IConsumer<int, int> consumer)
    {
        if (Environment.TickCount64 < _nextStatus)
            return;
        _nextStatus = Environment.TickCount64 + (long)StatusInterval.TotalMilliseconds;
        foreach (var reading in _readings.Values)
        {
            var end = consumer.GetWatermarkOffsets(TopicPartitionOf(reading.Assigned.Partition)).High.Value;
            if (end >= 0 && _statistics.Status(reading.Assigned.Partition.Partition) is { } status)
                status.End = end;
        }
    }

    private TopicPartition TopicPartitionOf(StreamPartition partition) => new(_settings.Topic, partition.Partition);

    private sealed class Reading(AssignedPartition assigned)
    {
        public AssignedPartition Assigned { get; } = assigned;

        public RecordBatch? Filling { get; set; }

        public int Epoch { get; set; }

        public bool IsPaused { get; set; }
    }

    /// <summary>Gives access to the bytes in the client's memory without an array per record: the value is its length.</summary>
    private sealed class CopyingDeserializer : IDeserializer<int>
    {
        private byte[] _bytes = new byte[4096];

        public ReadOnlySpan<byte> Bytes(int length) => _bytes.AsSpan(0, length);

        public int Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
        {
            if (data.Length > _bytes.Length)
                _bytes = new byte[Math.Max(data.Length, _bytes.Length * 2)];
            data.CopyTo(_bytes);
            return data.Length;
        }
    }
}
