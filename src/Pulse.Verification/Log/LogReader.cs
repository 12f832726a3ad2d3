using System.Diagnostics;
using Confluent.Kafka;

namespace Pulse.Verification.Log;

/// <summary>Reads every partition of the topic from its start up to a position, once, and says of every offset what is there.</summary>
/// <param name="log">The topic.</param>
/// <param name="ends">By partition, the offset before which reading ends.</param>
internal sealed class LogReader(LogAddress log, IReadOnlyDictionary<int, long> ends)
{
    private const int RecordsPerReport = 8_192;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Of the partitions that are not done with: the offset that comes next.
    private readonly Dictionary<int, long> _next = [];

    /// <summary>Receives a record.</summary>
    public required Action<LogRecord> OnRecord { get; init; }

    /// <summary>Receives offsets without a record.</summary>
    public required Action<int, OffsetRange, Absence> OnAbsent { get; init; }

    /// <summary>How many records there were.</summary>
    public long Records { get; private set; }

    /// <summary>Reads. Blocks the thread until everything is read.</summary>
    /// <exception cref="VerificationException">The log is out of reach.</exception>
    /// <exception cref="OperationCanceledException">Reading was stopped.</exception>
    public void Read(IProgress<VerificationProgress>? progress, CancellationToken stop)
    {
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(LogSettings.Consumer(log))
            .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        try
        {
            var total = Begin(consumer);
            var idle = Stopwatch.StartNew();
            for (var done = 0L; _next.Count > 0;)
            {
                stop.ThrowIfCancellationRequested();
                if (Next(consumer) is not { } result)
                {
                    if (idle.Elapsed > Patience)
                        throw LogSettings.OutOfReach(log, $"partition {_next.Keys.Min()} gives nothing for {Patience.TotalSeconds} s");
                    continue;
                }

                done += Take(consumer, result);
                idle.Restart();
                if (Records % RecordsPerReport == 0 || _next.Count == 0)
                    progress?.Report(new VerificationProgress(done, total));
            }
        }
        catch (KafkaException exception)
        {
            throw LogSettings.OutOfReach(log, $"it can't be read ({exception.Error.Reason})", exception);
        }
    }

    private long Begin(IConsumer<Ignore, byte[]> consumer)
    {
        var total = 0L;
        var partitions = PartitionsOf(consumer);
        foreach (var (partition, end) in ends.Where(each => each.Value > 0))
        {
            if (!partitions.Contains(partition))
            {
                Absent(partition, 0, end, Absence.BeyondEnd);
                continue;
            }

            var start = consumer.QueryWatermarkOffsets(Named(partition), LogSettings.Patience).Low.Value;
            Absent(partition, 0, Math.Min(start, end), Absence.Removed);
            if (start < end)
                _next.Add(partition, start);
            total += Math.Max(0, end - start);
        }

        consumer.Assign(_next.Select(each => new TopicPartitionOffset(Named(each.Key), each.Value)));
        return total;
    }

    private HashSet<int> PartitionsOf(IConsumer<Ignore, byte[]> consumer)
    {
        using var client = new DependentAdminClientBuilder(consumer.Handle).Build();
        return [.. client.GetMetadata(log.Topic, LogSettings.Patience).Topics.Single().Partitions.Select(each => each.PartitionId)];
    }

    // Retention may remove what was to be read next.
    private ConsumeResult<Ignore, byte[]>? Next(IConsumer<Ignore, byte[]> consumer)
    {
        try
        {
            return consumer.Consume(Interval);
        }
        catch (ConsumeException exception) when (exception.Error.Code == ErrorCode.Local_AutoOffsetReset)
        {
            Resume(consumer, exception.ConsumerRecord.Partition.Value);
            return null;
        }
    }

    private void Resume(IConsumer<Ignore, byte[]> consumer, int partition)
    {
        if (!_next.TryGetValue(partition, out var next))
            return;
        var range = consumer.QueryWatermarkOffsets(Named(partition), LogSettings.Patience);
        if (range.High.Value < next)
        {
            Absent(partition, next, ends[partition], Absence.BeyondEnd);
            Close(consumer, partition);
            return;
        }

        Absent(partition, next, Math.Min(range.Low.Value, ends[partition]), Absence.Removed);
        _next[partition] = Math.Max(next, range.Low.Value);
        consumer.IncrementalUnassign([Named(partition)]);
        if (_next[partition] < ends[partition])
            consumer.IncrementalAssign([new TopicPartitionOffset(Named(partition), _next[partition])]);
        else
            _next.Remove(partition);
    }

    // How many offsets are done with by it.
    private long Take(IConsumer<Ignore, byte[]> consumer, ConsumeResult<Ignore, byte[]> result)
    {
        var (partition, offset) = (result.Partition.Value, result.Offset.Value);
        if (!_next.TryGetValue(partition, out var next))
            return 0;
        var end = ends[partition];
        Absent(partition, next, Math.Min(offset, end), Absence.Hole);
        if (result.IsPartitionEOF)
            Absent(partition, Math.Max(next, offset), end, Absence.BeyondEnd);
        else if (offset < end)
            Give(result);

        if (!result.IsPartitionEOF && offset + 1 < end)
        {
            _next[partition] = offset + 1;
            return offset + 1 - next;
        }

        Close(consumer, partition);
        return end - next;
    }

    private void Give(ConsumeResult<Ignore, byte[]> result)
    {
        Records++;
        OnRecord(new LogRecord(
            result.Partition.Value, result.Offset.Value, result.Message.Timestamp.UnixTimestampMs, result.Message.Value ?? []));
    }

    private void Absent(int partition, long from, long to, Absence why)
    {
        if (from < to)
            OnAbsent(partition, new OffsetRange(from, to), why);
    }

    private void Close(IConsumer<Ignore, byte[]> consumer, int partition)
    {
        _next.Remove(partition);
        consumer.IncrementalUnassign([Named(partition)]);
    }

    private TopicPartition Named(int partition) => new(log.Topic, partition);
}
