using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pulse.Counting;

namespace Pulse.Actors.Broker;

/// <summary>
/// A node's one Kafka consumer: a source of <see cref="PartitionNews"/> for each partition that the node reads. The surface
/// follows Akka.Streams.Kafka's manually assigned sources, with batches in place of records.
/// </summary>
/// <remarks>
/// One thread of its own polls the client; everything that must happen between polls reaches it as a request. It waits for no
/// broker: what a broker has to be asked is asked elsewhere (<see cref="TopicQuestions"/>, <see cref="GroupCommits"/>). A
/// partition whose session falls behind is paused, so memory stays bounded. The group only keeps offsets for lag monitors: who
/// reads what is decided by the cluster, and from where by the buckets.
/// </remarks>
public sealed class TopicReader
{
    /// <summary>The polling thread's name.</summary>
    internal const string ThreadName = "pulse-kafka-poll";

    private const int BatchesAhead = 4;
    private const int RecordsPerPoll = 2_000;
    private static readonly TimeSpan IdlePoll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan FullSessionPatience = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SeekRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly KafkaSettings _settings;
    private readonly string _stream;
    private readonly ClientMonitor _monitor;
    private readonly ILogger _log;
    private readonly GroupCommits _commits = new();
    private readonly ConcurrentQueue<Action<Assignment>> _requests = new();
    private readonly ConcurrentDictionary<AssignedPartition, bool> _assigned = [];
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;
    private long _lastTurn = Environment.TickCount64;
    private long _nextSeek;
    private long _nextLook;

    private TopicReader(KafkaSettings settings, string stream, ClientMonitor monitor, ILogger log) =>
        (_settings, _stream, _monitor, _log) = (settings, stream, monitor, log);

    /// <summary>
    /// Completes when nothing more is read; faults with <see cref="KafkaException"/> when the client failed and a new reader
    /// may do better.
    /// </summary>
    public Task Completion => _completion.Task;

    /// <summary>How long ago the client last came back from a call: never long, unless it is stuck.</summary>
    public TimeSpan Silence => TimeSpan.FromMilliseconds(Environment.TickCount64 - Interlocked.Read(ref _lastTurn));

    /// <summary>Starts to poll; reads nothing until a partition is assigned and sought.</summary>
    /// <param name="settings">The brokers, topic and group.</param>
    /// <param name="stream">The stream's identity, see <see cref="TopicDescription.Stream"/>.</param>
    /// <param name="monitor">Receives what the client says of itself.</param>
    /// <param name="log">Receives what the client has to say.</param>
    public static TopicReader Start(KafkaSettings settings, string stream, ClientMonitor monitor, ILogger log)
    {
        var reader = new TopicReader(settings, stream, monitor, log);
        new Thread(reader.Run) { IsBackground = true, Name = ThreadName }.Start();
        return reader;
    }

    /// <inheritdoc cref="GroupCommits.CommitAsync" />
    public Task CommitAsync(StreamPartition partition, long position) =>
        _commits.CommitAsync(new TopicPartitionOffset(_settings.Topic, partition.Partition, position));

    /// <summary>
    /// Makes a source for a partition, and ends a former one. It brings nothing before the first <see cref="Seek"/>.
    /// </summary>
    public AssignedPartition Assign(int partition)
    {
        var assigned = new AssignedPartition(new StreamPartition(_stream, partition), BatchesAhead);
        _assigned[assigned] = true;
        _requests.Enqueue(assignment => assignment.Add(assigned));
        if (Completion.IsCompleted)
            EndAll();
        return assigned;
    }

    /// <summary>Stops to read a partition; its source completes.</summary>
    public void Unassign(AssignedPartition assigned)
    {
        _assigned.TryRemove(assigned, out _);
        _requests.Enqueue(assignment => assignment.Remove(assigned));
    }

    /// <summary>
    /// Reads a partition from a position on, by offset and epoch, and nothing more from before. What follows, or why nothing
    /// does, is among the partition's news.
    /// </summary>
    /// <param name="assigned">The partition.</param>
    /// <param name="position">The position.</param>
    /// <param name="reading">The number that news carry from then on; see <see cref="PartitionNews.Reading"/>.</param>
    public void Seek(AssignedPartition assigned, LogPosition position, int reading) =>
        _requests.Enqueue(assignment => assignment.Seek(assigned, position, reading));

    /// <summary>Stops: all sources complete, nothing further is committed.</summary>
    public Task StopAsync()
    {
        _stopping = true;
        return Completion;
    }

    /// <summary>Gives a client up that is stuck: all sources complete, and should it ever come back, it ends.</summary>
    public void Abandon()
    {
        _stopping = true;
        _completion.TrySetException(new KafkaException(new Error(ErrorCode.Local_TimedOut, "The Kafka client is stuck.")));
        EndAll();
    }

    private void Run()
    {
        try
        {
            using var consumer = new ConsumerBuilder<Ignore, Ignore>(_settings.ConsumerConfig())
                .SetLogHandler((_, message) => _log.LogDebug("Kafka client: {Message}", message.Message))
                .SetErrorHandler((_, error) => _log.LogDebug("Kafka client: {Reason}", error.Reason))
                .SetStatisticsHandler((_, json) => _monitor.Said(json))
                .Build();
            _commits.Start(consumer);
            try
            {
                using var queue = new RecordQueue(consumer, RecordsPerPoll);
                var assignment = new Assignment(consumer, _settings.Topic);
                while (!_stopping)
                    Poll(assignment, queue);
            }
            finally
            {
                // Whoever reads on need not wait for the client's own end, which may hang as well.
                if (_stopping)
                    _completion.TrySetResult();
                EndAll();
                _commits.Stop();
            }

            consumer.Close();
        }
        catch (Exception exception)
        {
            _completion.TrySetException(exception);
            EndAll();
        }
    }

    private void EndAll()
    {
        foreach (var assigned in _assigned.Keys)
            assigned.End();
    }

    private void Poll(Assignment assignment, RecordQueue queue)
    {
        Interlocked.Exchange(ref _lastTurn, Environment.TickCount64);
        while (_requests.TryDequeue(out var request))
            request(assignment);
        assignment.RemoveFailed();
        LookForOverdue(assignment);
        if (Environment.TickCount64 >= _nextSeek && !assignment.CarryOutSeeks())
            _nextSeek = Environment.TickCount64 + (long)SeekRetry.TotalMilliseconds;

        var taken = queue.Take(IdlePoll);
        PartitionReading? target = null;
        for (var index = 0; index < taken; index++)
        {
            var record = queue[index];
            if (target?.Partition != record.Partition && (target = assignment.Find(record.Partition)) is null)
            {
                if (record.IsFailure)
                    Tell(record.Failure);
                continue;
            }

            if (record.IsFailure)
                target.Fail(record.Failure);
            else
                target.Take(record);
            if (target.IsFull && !target.IsPaused)
                Publish(assignment, target);
        }

        // The client has no more now, so nothing is to be gained by waiting; and paused ones go on when there is room.
        foreach (var reading in assignment.Readings)
        {
            if (taken < RecordsPerPoll || reading.IsPaused)
                Publish(assignment, reading);
        }
    }

    private void LookForOverdue(Assignment assignment)
    {
        var now = Environment.TickCount64;
        if (now < _nextLook)
            return;
        _nextLook = now + (long)LookInterval.TotalMilliseconds;
        foreach (var partition in assignment.RestartOverdue(now))
            _log.LogDebug("The Kafka client brings nothing of partition {Partition} since it was to seek; it begins with it anew.", partition);
    }

    private static void Publish(Assignment assignment, PartitionReading reading)
    {
        var isPublished = reading.Publish(reading.IsPaused ? TimeSpan.Zero : FullSessionPatience);
        // Pausing makes the client throw away what it has fetched, so it is the last resort.
        if (isPublished == reading.IsPaused)
            assignment.Pause(reading, !isPublished);
    }

    // Of the client as a whole, only what can't be mended is the end of it.
    private void Tell(Error failure)
    {
        if (failure.IsFatal || failure.Code == ErrorCode.Local_Fatal)
            throw new KafkaException(failure);
        _log.LogDebug("Kafka client: {Reason}", failure.Reason);
    }
}
