using Confluent.Kafka;
using Pulse.Counting;

namespace Pulse.Actors.Broker;

/// <summary>
/// Which partitions a client reads, and from where. Partitions are assigned, given back and sought many at a time, and no call
/// waits for a broker. Used on the reader's thread.
/// </summary>
/// <remarks>
/// To assign does not validate a position's epoch, to seek does (<c>rdkafka_partition.c</c>, <c>rd_kafka_toppar_seek</c>): so a
/// partition is assigned, and then sought.
/// </remarks>
/// <param name="consumer">The client.</param>
/// <param name="topic">The topic.</param>
internal sealed class Assignment(IConsumer<Ignore, Ignore> consumer, string topic)
{
    /// <summary>A partition of which the client brings nothing for so long after a seek, in milliseconds, is begun with anew.</summary>
    internal const long SeekPatience = 15_000;

    // A stuck client must not hold up the poll.
    private static readonly TimeSpan SeekLimit = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<int, PartitionReading> _readings = [];

    /// <summary>All that are assigned.</summary>
    public Dictionary<int, PartitionReading>.ValueCollection Readings => _readings.Values;

    /// <summary>The reading of a partition; null where it is not assigned.</summary>
    public PartitionReading? Find(int partition) => _readings.GetValueOrDefault(partition);

    /// <summary>Adds a partition, in place of a former assignment.</summary>
    public void Add(AssignedPartition assigned)
    {
        if (_readings.Remove(assigned.Partition.Partition, out var former))
            Release(former);
        _readings.Add(assigned.Partition.Partition, new PartitionReading(assigned));
    }

    /// <summary>Removes a partition, unless it was assigned anew since.</summary>
    public void Remove(AssignedPartition assigned)
    {
        if (ReadingOf(assigned) is { } reading && _readings.Remove(reading.Partition))
            Release(reading);
        assigned.End();
    }

    /// <summary>Wants a partition to be read from a position on.</summary>
    public void Seek(AssignedPartition assigned, LogPosition position, int number) =>
        ReadingOf(assigned)?.StartOver(position, number, Environment.TickCount64);

    /// <summary>Has the client let go of what it failed to read, so that it can be read again from wherever it is sought.</summary>
    public void RemoveFailed()
    {
        foreach (var reading in _readings.Values)
        {
            if (reading is { HasFailed: true, IsFetched: true })
                LetGo(reading);
        }
    }

    /// <summary>Has the client begin anew with what it was to seek and brings nothing of.</summary>
    /// <param name="now">A clock that never goes back, in milliseconds.</param>
    /// <returns>The partitions.</returns>
    public IReadOnlyList<int> RestartOverdue(long now)
    {
        var overdue = _readings.Values.Where(reading => !reading.IsPaused && reading.IsOverdue(SeekPatience, now)).ToList();
        foreach (var reading in overdue)
        {
            if (reading.IsFetched)
                LetGo(reading);
            reading.SeekAnew(now);
        }

        return [.. overdue.Select(reading => reading.Partition)];
    }

    /// <summary>Assigns and seeks whatever must be.</summary>
    /// <returns>Whether all of it is done.</returns>
    public bool CarryOutSeeks()
    {
        List<PartitionReading>? wanted = null;
        foreach (var reading in _readings.Values)
        {
            if (reading.MustSeek)
                (wanted ??= []).Add(reading);
        }

        if (wanted is null)
            return true;
        var added = wanted.Where(reading => !reading.IsFetched).ToList();
        if (added.Count > 0)
            consumer.IncrementalAssign(added.Select(reading => new TopicPartitionOffset(PartitionOf(reading), reading.Next.BehindRecord.Offset)));
        added.ForEach(reading => reading.IsFetched = true);
        var resumed = wanted.Where(reading => reading.IsPaused).ToList();
        if (resumed.Count > 0)
            consumer.Resume(resumed.Select(PartitionOf));
        resumed.ForEach(reading => reading.IsPaused = false);
        return SeekAll(wanted);
    }

    /// <summary>Has the client fetch no more of a partition for now, or go on with it.</summary>
    public void Pause(PartitionReading reading, bool isPaused)
    {
        if (reading.IsFetched && isPaused)
            consumer.Pause([PartitionOf(reading)]);
        else if (reading.IsFetched)
            consumer.Resume([PartitionOf(reading)]);
        reading.IsPaused = isPaused;
    }

    private bool SeekAll(List<PartitionReading> wanted)
    {
        var sought = NativeSeek.Seek(consumer, topic, [.. wanted.Select(reading => (reading.Partition, reading.Next.BehindRecord))], SeekLimit);
        for (var index = 0; index < sought.Length; index++)
        {
            if (sought[index])
                wanted[index].Sought();
        }

        return !sought.Contains(false);
    }

    private void Release(PartitionReading reading)
    {
        reading.End();
        if (reading.IsFetched)
            LetGo(reading);
    }

    private void LetGo(PartitionReading reading)
    {
        // The client remembers a pause beyond the assignment: the partition would never be read again when it comes back.
        if (reading.IsPaused)
            consumer.Resume([PartitionOf(reading)]);
        consumer.IncrementalUnassign([PartitionOf(reading)]);
        (reading.IsFetched, reading.IsPaused) = (false, false);
    }

    private PartitionReading? ReadingOf(AssignedPartition assigned) =>
        _readings.TryGetValue(assigned.Partition.Partition, out var reading) && reading.Assigned == assigned ? reading : null;

    private TopicPartition PartitionOf(PartitionReading reading) => new(topic, reading.Partition);
}
