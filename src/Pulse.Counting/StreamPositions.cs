namespace Pulse.Counting;

/// <summary>
/// Positions per partition, grouped by stream and limited to the streams that were opened last. A position that was
/// never set reads as -1.
/// </summary>
internal sealed class StreamPositions(int maximumStreams)
{
    private readonly List<(string Stream, SortedDictionary<int, long> Positions)> _streams = [];

    public long this[StreamPartition partition]
    {
        get
        {
            foreach (var (stream, positions) in _streams)
            {
                if (stream == partition.Stream)
                    return positions.GetValueOrDefault(partition.Partition, -1);
            }

            return -1;
        }
        set => PositionsOf(partition.Stream)[partition.Partition] = value;
    }

    public void Clear() => _streams.Clear();

    public List<PartitionPosition> ToList() =>
    [
        .. from entry in _streams
           from position in entry.Positions
           select new PartitionPosition(new StreamPartition(entry.Stream, position.Key), position.Value),
    ];

    private SortedDictionary<int, long> PositionsOf(string stream)
    {
        foreach (var (known, positions) in _streams)
        {
            if (known == stream)
                return positions;
        }

        if (_streams.Count == maximumStreams)
            _streams.RemoveAt(0);
        SortedDictionary<int, long> added = [];
        _streams.Add((stream, added));
        return added;
    }
}
