using System.Collections.Concurrent;
using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Broker;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// A node's one Kafka consumer: a source of record batches for each partition that the node reads, and a control to
/// seek and to commit. The surface follows Akka.Streams.Kafka's manually assigned sources, with batches in place of
/// records.
/// </summary>
/// <remarks>
/// One thread of its own polls the client, since a poll blocks; everything that must happen between polls reaches it
/// as a request. A partition whose reader falls behind is paused, so memory stays bounded. The group only keeps offsets for
/// lag monitors: who reads what is decided by the cluster, and from where by the buckets.
/// </remarks>
public sealed class KafkaConsumer
{
    private const int BatchesAhead = 4;
    private const int RecordsPerPoll = 2_000;
    private static readonly TimeSpan IdlePoll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan BrokerTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FullReaderPatience = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan StatusInterval = TimeSpan.FromMilliseconds(500);

    private readonly KafkaSettings _settings;
    private readonly string _stream;
    private readonly IngestStatistics _statistics;
    private readonly ILogger _log;
    private readonly Channel<Commit> _commits = Channel.CreateUnbounded<Commit>(new() { SingleReader = true });
    private readonly ConcurrentQueue<Action<IConsumer<Ignore, Ignore>>> _requests = new();
    private readonly Dictionary<int, Reading> _readings = [];
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;
    private long _nextStatus;

    private KafkaConsumer(KafkaSettings settings, string stream, IngestStatistics statistics, ILogger log)
    {
        _settings = settings;
        _stream = stream;
        _statistics = statistics;
        _log = log;
    }

    /// <summary>
    /// Completes when the consumer has stopped; faults with <see cref="KafkaException"/> when the client failed and a new
    /// consumer may do better.
    /// </summary>
    public Task Completion => _completion.Task;

    /// <summary>Starts to poll; reads nothing until a partition is assigned.</summary>
    /// <param name="settings">The brokers, topic and group.</param>
    /// <param name="stream">The stream's identity, see <see cref="TopicDescription.Stream"/>.</param>
    /// <param name="statistics">Receives the ends of partitions.</param>
    /// <param name="log">Receives what the client has to say.</param>
    public static KafkaConsumer Start(
        KafkaSettings settings, string stream, IngestStatistics statistics, ILogger log)
    {
        var consumer = new KafkaConsumer(settings, stream, statistics, log);
        new Thread(consumer.Run) { IsBackground = true, Name = "pulse-kafka-poll" }.Start();
        return consumer;
    }

    /// <summary>Commits the position of a partition to the group; those asked for meanwhile go together.</summary>
    /// <exception cref="KafkaException">The broker refused or did not answer.</exception>
    public Task CommitAsync(StreamPartition partition, long position)
    {
        var commit = new Commit(new TopicPartitionOffset(TopicPartitionOf(partition), position));
        return _commits.Writer.TryWrite(commit)
            ? commit.Done.Task
            : Task.FromException(new KafkaException(ErrorCode.Local_State));
    }

    /// <summary>Makes a source for a partition. It brings nothing before the first <see cref="SeekAsync"/>.</summary>
    /// <exception cref="KafkaException">The consumer has stopped.</exception>
    public Task<AssignedPartition> AssignAsync(int partition) => RequestAsync(consumer => Assign(consumer, partition));

    /// <summary>Stops to read a partition; its source completes.</summary>
    public void Unassign(AssignedPartition assigned) => _requests.Enqueue(consumer =>
    {
        if (_readings.TryGetValue(assigned.Partition.Partition, out var reading) && reading.Assigned == assigned)
            TakeBack(consumer, reading);
    });

    /// <summary>Reads a partition from a position on, and nothing more from before.</summary>
    /// <param name="assigned">The partition.</param>
    /// <param name="position">The position, of which the offset alone is looked at.</param>
    /// <param name="reading">The number that batches carry from then on; see <see cref="RecordBatch.Reading"/>.</param>
    /// <returns>False where the offset lies outside of the log: nothing has changed then.</returns>
    /// <exception cref="KafkaException">The broker did not answer, or the partition is assigned no longer.</exception>
    public Task<bool> SeekAsync(AssignedPartition assigned, LogPosition position, int reading) =>
        RequestAsync(consumer => Seek(consumer, ReadingOf(assigned), position.Offset, reading));

    /// <summary>What a partition's log holds: its first offset, and the one that its next record will have.</summary>
    /// <exception cref="KafkaException">The broker did not answer, or the partition is assigned no longer.</exception>
    public Task<(long Begin, long End)> LogSpanAsync(AssignedPartition assigned) =>
        RequestAsync(consumer => LogSpan(consumer, ReadingOf(assigned)));

    /// <summary>Stops: all sources complete, nothing further is committed.</summary>
    public Task StopAsync()
    {
        _stopping = true;
        return Completion;
    }

    private Task<T> RequestAsync<T>(Func<IConsumer<Ignore, Ignore>, T> request)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests.Enqueue(consumer =>
        {
            try
            {
                done.TrySetResult(request(consumer));
            }
            catch (KafkaException exception)
            {
                done.TrySetException(exception);
            }
        });
        _ = _completion.Task.ContinueWith(
            _ => done.TrySetException(new KafkaException(ErrorCode.Local_State)), TaskScheduler.Default);
        return done.Task;
    }

    private void Run()
    {
        try
        {
            using var consumer = new ConsumerBuilder<Ignore, Ignore>(_settings.ConsumerConfig())
                .SetLogHandler((_, message) => _log.LogDebug("Kafka client: {Message}", message.Message))
                .SetErrorHandler((_, error) => _log.LogDebug("Kafka client: {Reason}", error.Reason))
                .Build();
            // A commit waits for the broker, so it has a thread of its own; one at a time is enough.
            var committing = new Thread(() => CommitAll(consumer)) { IsBackground = true, Name = "pulse-kafka-commit" };
            committing.Start();
            try
            {
                using var queue = new RecordQueue(consumer, RecordsPerPoll);
                while (!_stopping)
                    Poll(consumer, queue);
            }
            finally
            {
                _commits.Writer.TryComplete();
                committing.Join();
                foreach (var reading in _readings.Values.ToList())
                    TakeBack(consumer, reading);
                consumer.Close();
            }

            _completion.TrySetResult();
        }
        catch (Exception exception)
        {
            _completion.TrySetException(exception);
        }
    }

    private void CommitAll(IConsumer<Ignore, Ignore> consumer)
    {
        List<Commit> together = [];
        while (_commits.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            together.Clear();
            while (_commits.Reader.TryRead(out var commit))
                together.Add(commit);
            try
            {
                consumer.Commit(together
                    .GroupBy(commit => commit.Position.TopicPartition)
                    .Select(partition => partition.Last().Position));
                together.ForEach(commit => commit.Done.TrySetResult());
            }
            catch (KafkaException exception)
            {
                together.ForEach(commit => commit.Done.TrySetException(exception));
            }
        }
    }

    private void Poll(IConsumer<Ignore, Ignore> consumer, RecordQueue queue)
    {
        while (_requests.TryDequeue(out var request))
            request(consumer);
        Report(consumer);

        var taken = queue.Take(IdlePoll);
        Reading? target = null;
        for (var index = 0; index < taken; index++)
        {
            var record = queue[index];
            if (target?.Assigned.Partition.Partition != record.Partition
                && !_readings.TryGetValue(record.Partition, out target))
                continue;

            Fill(target, record);
            if (target.Filling is { IsFull: true } && !target.IsPaused)
                Publish(consumer, target);
        }

        // The client has no more now, so nothing is to be gained by waiting; and paused ones go on when there is room.
        foreach (var reading in _readings.Values)
        {
            if (taken < RecordsPerPoll || reading.IsPaused)
                Publish(consumer, reading);
        }
    }

    private static void Fill(Reading target, RecordQueue.Record record)
    {
        var batch = target.Filling ??= new RecordBatch(target.Number, target.Position, target.UsualBytes);
        if (record.IsPartitionEnd)
            batch.ReachedEnd(record.Offset);
        else
            batch.Add(record.Offset, record.LeaderEpoch, record.UnixMilliseconds, record.Key, record.Value);
    }

    private void Publish(IConsumer<Ignore, Ignore> consumer, Reading reading)
    {
        if (reading.Filling is not { } batch)
            return;

        // Once it is handed over it is the reader's, who may have disposed of it already.
        var (next, size) = (batch.NextOffset, batch.SizeInBytes);
        var written = reading.Assigned.Writer.TryWrite(batch)
            || (!reading.IsPaused && SpinWait.SpinUntil(() => reading.Assigned.Writer.TryWrite(batch), FullReaderPatience));
        if (written)
        {
            reading.Position = next;
            reading.UsualBytes = size;
            reading.Filling = null;
        }

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

    private AssignedPartition Assign(IConsumer<Ignore, Ignore> consumer, int partition)
    {
        if (_readings.TryGetValue(partition, out var former))
            TakeBack(consumer, former);

        var assigned = new AssignedPartition(new StreamPartition(_stream, partition), BatchesAhead);
        _readings[partition] = new Reading(assigned);
        _statistics.Assigned(partition);
        return assigned;
    }

    private void TakeBack(IConsumer<Ignore, Ignore> consumer, Reading reading)
    {
        var partition = reading.Assigned.Partition;
        _readings.Remove(partition.Partition);
        _statistics.Released(partition.Partition);
        reading.Filling?.Dispose();
        reading.Assigned.End();
        if (!reading.IsFetched)
            return;
        // The client remembers a pause beyond the assignment: the partition would never be read again when it comes back.
        if (reading.IsPaused)
            consumer.Resume([TopicPartitionOf(partition)]);
        consumer.IncrementalUnassign([TopicPartitionOf(partition)]);
    }

    private Reading ReadingOf(AssignedPartition assigned) =>
        _readings.TryGetValue(assigned.Partition.Partition, out var reading) && reading.Assigned == assigned
            ? reading
            : throw new KafkaException(ErrorCode.Local_UnknownPartition);

    private (long Begin, long End) LogSpan(IConsumer<Ignore, Ignore> consumer, Reading reading)
    {
        var log = consumer.QueryWatermarkOffsets(TopicPartitionOf(reading.Assigned.Partition), BrokerTimeout);
        return (log.Low.Value, log.High.Value);
    }

    private bool Seek(IConsumer<Ignore, Ignore> consumer, Reading reading, long offset, int number)
    {
        // The client would take an offset outside of the log for an error of its own, and end.
        var (begin, end) = LogSpan(consumer, reading);
        if (offset < begin || offset > end)
            return false;

        var start = new TopicPartitionOffset(TopicPartitionOf(reading.Assigned.Partition), offset);
        if (reading.IsFetched)
            consumer.Seek(start);
        else
            consumer.IncrementalAssign([start]);
        if (reading.IsPaused)
            consumer.Resume([start.TopicPartition]);
        reading.StartOver(number, offset);
        return true;
    }

    private void Report(IConsumer<Ignore, Ignore> consumer)
    {
        if (Environment.TickCount64 < _nextStatus)
            return;
        _nextStatus = Environment.TickCount64 + (long)StatusInterval.TotalMilliseconds;
        foreach (var reading in _readings.Values.Where(reading => reading.IsFetched))
        {
            var end = consumer.GetWatermarkOffsets(TopicPartitionOf(reading.Assigned.Partition)).High.Value;
            if (end >= 0 && _statistics.Status(reading.Assigned.Partition.Partition) is { } status)
                status.End = end;
        }
    }

    private TopicPartition TopicPartitionOf(StreamPartition partition) => new(_settings.Topic, partition.Partition);

    private sealed record Commit(TopicPartitionOffset Position)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Reading(AssignedPartition assigned)
    {
        public AssignedPartition Assigned { get; } = assigned;

        public RecordBatch? Filling { get; set; }

        /// <summary>After the last batch that was handed over.</summary>
        public long Position { get; set; }

        /// <summary>The size of the batch that was handed over last, which tells the next one's.</summary>
        public int UsualBytes { get; set; }

        /// <summary>Of the seek that it began with.</summary>
        public int Number { get; private set; }

        /// <summary>Whether the client reads the partition: not before the first seek.</summary>
        public bool IsFetched { get; private set; }

        public bool IsPaused { get; set; }

        public void StartOver(int number, long position)
        {
            Filling?.Dispose();
            (Filling, Number, Position, IsFetched, IsPaused) = (null, number, position, true, false);
        }
    }
}
