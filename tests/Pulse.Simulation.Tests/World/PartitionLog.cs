using Pulse.Counting;

namespace Pulse.Simulation.Tests.World;

/// <summary>One event of one bucket: what a record means to it.</summary>
internal readonly record struct BucketEvent(long Offset, int Key, int Window);

/// <summary>The log of one partition of one stream: what truly happened, in offset order.</summary>
internal sealed class PartitionLog(int number, StreamPartition partition, int bucketCount)
{
    private readonly List<(long Offset, int[] Keys, int Window)> _records = [];
    private readonly List<BucketEvent>[] _byBucket = [.. Enumerable.Range(0, bucketCount).Select(_ => new List<BucketEvent>())];

    /// <summary>The number of the log among all of the world.</summary>
    public int Number { get; } = number;

    public StreamPartition Partition { get; } = partition;

    /// <summary>The offset that the next record will have.</summary>
    public long End { get; private set; }

    public int RecordCount => _records.Count;

    public IReadOnlyList<(long Offset, int[] Keys, int Window)> Records => _records;

    public void Append(KeySpace space, int[] keys, int window)
    {
        _records.Add((End, keys, window));
        foreach (var key in keys)
            _byBucket[space.BucketOf(key)].Add(new BucketEvent(End, key, window));
        End++;
    }

    public void LeaveGap() => End++;

    /// <summary>The index of the first record at or after an offset.</summary>
    public int IndexAt(long offset)
    {
        var index = (int)Math.Min(offset, _records.Count);
        while (index > 0 && _records[index - 1].Offset >= offset)
            index--;
        return index;
    }

    public IEnumerable<BucketEvent> EventsOf(int bucket, long from, long to)
    {
        var events = _byBucket[bucket];
        for (var index = CountBelow(bucket, from); index < events.Count && events[index].Offset < to; index++)
            yield return events[index];
    }

    /// <summary>How many events of a bucket lie below an offset.</summary>
    public int CountBelow(int bucket, long offset)
    {
        var events = _byBucket[bucket];
        var (low, high) = (0, events.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (events[middle].Offset < offset)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>The position past a bucket's last event below an offset; 0 where there is none.</summary>
    public long PositionPastLastEventBelow(int bucket, long offset)
    {
        var count = CountBelow(bucket, offset);
        return count == 0 ? 0 : _byBucket[bucket][count - 1].Offset + 1;
    }
}
