using System.Runtime.InteropServices;

namespace Pulse.Counting;

/// <summary>What a bucket has applied since its last checkpoint froze: the increments of its row and of its cells.</summary>
internal sealed class UnstoredChanges
{
    private readonly Dictionary<(RollupKey Key, Window Window), long> _counts = [];
    private readonly Dictionary<Window, long> _totals = [];
    private readonly List<Gap> _gaps = [];
    private readonly List<string> _streams = [];

    /// <summary>Whether no position has moved, so that there is nothing to store.</summary>
    public bool IsEmpty => _streams.Count == 0;

    /// <summary>How many cells changed.</summary>
    public int CellCount => _counts.Count;

    /// <summary>What it takes in memory, about; see <see cref="CheckpointLimits.MaximumUnstoredBytes"/>.</summary>
    public long Bytes { get; private set; }

    /// <summary>The increments of the row's counters.</summary>
    public Balance Balance { get; private set; }

    /// <summary>The gaps that positions moved over.</summary>
    public IReadOnlyList<Gap> Gaps => _gaps;

    /// <summary>The streams whose positions moved.</summary>
    public IReadOnlyList<string> Streams => _streams;

    /// <summary>Notes that a position of a stream has moved.</summary>
    public void Moved(string stream)
    {
        if (!_streams.Contains(stream))
            _streams.Add(stream);
    }

    /// <summary>Adds what a delta holds.</summary>
    public void Add(Delta delta)
    {
        foreach (var (key, window, count) in delta.Counts)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_counts, (key, window), out var isKnown) += count;
            if (!isKnown)
                Bytes += CheckpointLimits.BytesPerCell + (2 * key.EncodedBytes);
            CollectionsMarshal.GetValueRefOrAddDefault(_totals, window, out _) += count;
        }

        Balance += delta.Balance;
        _gaps.AddRange(delta.Gaps);
        Bytes += CheckpointLimits.BytesPerCell * delta.Gaps.Count;
    }

    /// <summary>The increment of a cell; 0 where it did not change.</summary>
    public long CountOf((RollupKey Key, Window Window) cell) => _counts.GetValueOrDefault(cell);

    /// <summary>The increments of all cells of a window.</summary>
    public long TotalOf(Window window) => _totals.GetValueOrDefault(window);

    /// <summary>The increments of the cells, each cell once.</summary>
    public IReadOnlyList<KeyCount> Counts()
    {
        var counts = new KeyCount[_counts.Count];
        var index = 0;
        foreach (var ((key, window), count) in _counts)
            counts[index++] = new KeyCount(key, window, count);
        return counts;
    }
}
