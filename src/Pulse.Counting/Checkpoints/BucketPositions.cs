namespace Pulse.Counting;

/// <summary>
/// A bucket's position in every partition of the streams that it counts. It has one everywhere from the beginning:
/// where nothing was handled yet, that is the start of the log.
/// </summary>
/// <remarks>
/// Written down, it is one line a stream: the stream's name, then the positions of its partitions by number,
/// <c>1500@3</c> each, or <c>1500~2@3</c> where the two offsets just below hold no record. The epoch is left out where it equals
/// the one before it in the line (before the first: unknown), <c>1500@-</c> says that it is unknown again, and <c>-</c> stands for
/// a partition without a position.
/// </remarks>
public sealed class BucketPositions
{
    /// <summary>
    /// How many streams are kept. A topic that was made again is a new stream and its predecessor never comes back, so
    /// a few are plenty; the one that came first goes.
    /// </summary>
    public const int MaximumStreams = 8;

    /// <summary>The largest number of partitions in a stream; far more than any broker takes.</summary>
    public const int MaximumPartitions = 100_000;

    // Where a partition has no position of its own.
    private const long None = -1;

    private readonly List<(string Stream, List<LogPosition> Positions)> _streams = [];

    /// <summary>The streams, in the order in which they came.</summary>
    public IEnumerable<string> Streams => _streams.Select(entry => entry.Stream);

    /// <summary>The position in a partition.</summary>
    public LogPosition this[StreamPartition partition]
    {
        get
        {
            var index = IndexOf(partition.Stream);
            if (index < 0 || partition.Partition >= _streams[index].Positions.Count)
                return LogPosition.Start;
            var position = _streams[index].Positions[partition.Partition];
            return position.Offset == None ? LogPosition.Start : position;
        }
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">The text is none; the message names the place and what stands there.</exception>
    public static BucketPositions Parse(string text) => BucketPositionsText.Parse(text);

    /// <summary>Sets the position in a partition.</summary>
    /// <exception cref="ArgumentException">The stream's name could not be written down, or there is no such partition.</exception>
    public void Set(StreamPartition partition, LogPosition position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(partition.Partition, nameof(partition));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partition.Partition, MaximumPartitions, nameof(partition));
        ArgumentOutOfRangeException.ThrowIfNegative(position.Offset, nameof(position));
        ArgumentOutOfRangeException.ThrowIfLessThan(position.Epoch, LogPosition.UnknownEpoch, nameof(position));
        ArgumentOutOfRangeException.ThrowIfNegative(position.Skipped, nameof(position));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position.Skipped, position.Offset, nameof(position));
        var index = IndexOf(partition.Stream);
        if (index < 0)
            index = Add(partition.Stream);
        var positions = _streams[index].Positions;
        while (positions.Count <= partition.Partition)
            positions.Add(new LogPosition(None, LogPosition.UnknownEpoch));
        positions[partition.Partition] = position;
    }

    /// <summary>The positions of a stream's partitions by number; null where one has none of its own.</summary>
    public IEnumerable<LogPosition?> Of(string stream) => IndexOf(stream) is var index and >= 0
        ? _streams[index].Positions.Select(position => position.Offset == None ? null : (LogPosition?)position)
        : [];

    /// <summary>Whether both are the same place in every partition, as far as epochs can say.</summary>
    public bool AreSameAs(BucketPositions other)
    {
        foreach (var stream in Streams.Union(other.Streams))
        {
            var partitions = Math.Max(Of(stream).Count(), other.Of(stream).Count());
            for (var partition = 0; partition < partitions; partition++)
            {
                var here = new StreamPartition(stream, partition);
                if (!this[here].IsSameAs(other[here]))
                    return false;
            }
        }

        return true;
    }

    /// <summary>The same positions, which do not move with these.</summary>
    public BucketPositions Copy()
    {
        var copy = new BucketPositions();
        foreach (var (stream, positions) in _streams)
            copy._streams.Add((stream, [.. positions]));
        return copy;
    }

    /// <summary>As written down; about eight bytes a partition.</summary>
    public override string ToString() => BucketPositionsText.Write(this);

    private int Add(string stream)
    {
        if (!IsName(stream))
            throw new ArgumentException($"'{stream}' is no stream: a name holds no white space and no control characters.");
        if (_streams.Count == MaximumStreams)
            _streams.RemoveAt(0);
        _streams.Add((stream, []));
        return _streams.Count - 1;
    }

    private int IndexOf(string stream)
    {
        for (var index = 0; index < _streams.Count; index++)
        {
            if (_streams[index].Stream == stream)
                return index;
        }

        return -1;
    }

    private static bool IsName(string stream)
    {
        foreach (var character in stream)
        {
            if (char.IsWhiteSpace(character) || char.IsControl(character))
                return false;
        }

        return stream.Length > 0;
    }
}
