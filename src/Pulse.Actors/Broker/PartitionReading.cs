using Confluent.Kafka;
using Pulse.Counting;

namespace Pulse.Actors.Broker;

/// <summary>
/// What a reader knows of one partition that it reads: gathers its records into batches, and notices where a leader's epoch
/// rises. Used on the reader's thread.
/// </summary>
/// <param name="assigned">Where the news go.</param>
internal sealed class PartitionReading(AssignedPartition assigned)
{
    private RecordBatch? _filling;
    private PartitionNews? _last;
    private int _usualBytes;
    private int _number;
    private long _validated;
    private long? _awaitedSince;

    /// <summary>Where the news go.</summary>
    public AssignedPartition Assigned => assigned;

    /// <summary>The partition's number.</summary>
    public int Partition => assigned.Partition.Partition;

    /// <summary>
    /// The next offset to read, and the epoch of the record below, as far as known. The client seeks what is just behind that record:
    /// its epoch is not that of what came since in place of records.
    /// </summary>
    public LogPosition Next { get; private set; } = LogPosition.Start;

    /// <summary>Whether the client reads the partition: not before the first seek, and not after a failure.</summary>
    public bool IsFetched { get; set; }

    /// <summary>Whether the client must seek to <see cref="Next"/> before what it brings counts.</summary>
    public bool MustSeek { get; private set; }

    /// <summary>Whether the client has failed to read it since it was last sought.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Whether the client was told to fetch nothing for now.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Whether the batch had better be handed over before more is added.</summary>
    public bool IsFull => _filling is { IsFull: true };

    /// <summary>
    /// Whether the client has brought nothing for so long since it was to seek: neither a record, nor the partition's end, nor a failure,
    /// one of which comes of every seek.
    /// </summary>
    /// <param name="patience">In milliseconds.</param>
    /// <param name="now">A clock that never goes back, in milliseconds.</param>
    public bool IsOverdue(long patience, long now) => now - _awaitedSince > patience;

    /// <summary>Has the client begin with the partition anew, at <see cref="Next"/>.</summary>
    public void SeekAnew(long now) => (MustSeek, _awaitedSince) = (true, now);

    /// <summary>Begins a reading; what was read before and not handed over is dropped.</summary>
    public void StartOver(LogPosition position, int number, long now)
    {
        DropBatch();
        (_last, HasFailed, _number, Next) = (null, false, number, position);
        SeekAnew(now);
    }

    /// <summary>The client has sought to <see cref="Next"/> by its epoch.</summary>
    public void Sought()
    {
        MustSeek = false;
        _validated = Next.Offset;
    }

    /// <summary>
    /// Takes a record, or the partition's end. Where a leader's epoch rises, the record before it is validated first: the log may
    /// have been cut there.
    /// </summary>
    public void Take(in RecordQueue.Record record)
    {
        // What came before the client has sought is brought again after it.
        if (MustSeek || HasFailed)
            return;
        _awaitedSince = null;
        if (record.IsPartitionEnd)
        {
            Filling().ReachedEnd(record.Offset);
            Next = Next.SkipTo(Math.Max(Next.Offset, record.Offset));
            return;
        }

        if (record.Offset < Next.Offset)
        {
            EndWith(new LogCut(
                _number,
                FormattableString.Invariant($"a record is at offset {record.Offset}, where none was before"),
                Next.BehindRecord.SkipTo(record.Offset)));
            return;
        }

        var epoch = record.LeaderEpoch;
        if (epoch > Next.Epoch && Next.Epoch != LogPosition.UnknownEpoch && _validated != Next.Offset)
        {
            SeekAnew(Environment.TickCount64);
            return;
        }

        Filling().Add(record.Offset, epoch, record.UnixMilliseconds, record.Key, record.Value);
        Next = new LogPosition(record.Offset + 1, epoch);
    }

    /// <summary>The client has failed to read the partition; that is told after what was read before.</summary>
    public void Fail(Error failure)
    {
        // The client tells the cause of a reset by its text alone.
        EndWith(failure.Code != ErrorCode.Local_AutoOffsetReset
            ? new ReadingRefused(_number, failure.Code == ErrorCode.TopicAuthorizationFailed
                ? $"{failure.Reason.TrimEnd('.')}. Give the node's user the right to read the topic (Pulse:Kafka:Topic)."
                : failure.Reason)
            : failure.Reason.Contains("truncation", StringComparison.OrdinalIgnoreCase)
                ? new LogCut(_number, failure.Reason, EpochSeek.EndIn(failure.Reason) is { Offset: >= 0, Epoch: >= 0 } at ? at : null)
                : new PositionNotFound(_number));
    }

    /// <summary>Hands over what there is.</summary>
    /// <param name="patience">How long to wait for room.</param>
    /// <returns>Whether there was room for it.</returns>
    public bool Publish(TimeSpan patience)
    {
        if (_filling is { } batch)
        {
            // Once it is handed over it is the session's, who may have disposed of it already.
            var size = batch.SizeInBytes;
            if (!assigned.Writer.TryWrite(batch)
                && (patience == TimeSpan.Zero || !SpinWait.SpinUntil(() => assigned.Writer.TryWrite(batch), patience)))
                return false;
            (_filling, _usualBytes) = (null, size);
        }

        if (_last is { } last && assigned.Writer.TryWrite(last))
            _last = null;
        return true;
    }

    /// <summary>Ends the news.</summary>
    public void End()
    {
        DropBatch();
        assigned.End();
    }

    private void EndWith(PartitionNews last) => (_last, HasFailed, MustSeek, _awaitedSince) = (last, true, false, null);

    private RecordBatch Filling() => _filling ??= new RecordBatch(_number, Next.Offset, _usualBytes);

    private void DropBatch()
    {
        _filling?.Dispose();
        _filling = null;
    }
}
