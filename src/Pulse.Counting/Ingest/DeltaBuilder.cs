namespace Pulse.Counting;

/// <summary>Gathers what a bucket's next delta will hold, and knows how large that has become.</summary>
internal sealed class DeltaBuilder(int maximumBytes)
{
    private readonly List<KeyTally> _changed = [];
    private List<Gap> _gaps = [];

    /// <summary>Records that came too late.</summary>
    public long Late { get; set; }

    /// <summary>Records that can't be read.</summary>
    public long Dead { get; set; }

    /// <summary>Records that the version does not count.</summary>
    public long Filtered { get; set; }

    /// <summary>Records of the partition.</summary>
    public long Consumed { get; set; }

    /// <summary>How large the delta would be now, at most, in bytes.</summary>
    public int Bytes { get; private set; } = DeltaSize.BytesPerDelta;

    /// <summary>Whether there is something that should not wait.</summary>
    public bool IsUrgent => _changed.Count > 0 || _gaps.Count > 0;

    /// <summary>Whether there is nothing at all.</summary>
    public bool IsEmpty => !IsUrgent && Late == 0 && Dead == 0 && Filtered == 0 && Consumed == 0;

    /// <summary>Whether a count still fits in. One always does.</summary>
    public bool Fits(KeyTally key, Window window) => _changed.Count == 0 || Bytes + BytesOf(key, window) <= maximumBytes;

    /// <summary>Counts one.</summary>
    public void Count(KeyTally key, Window window)
    {
        Bytes += BytesOf(key, window);
        if (key.IsEmpty)
            _changed.Add(key);
        key.Add(window);
    }

    /// <summary>Adds offsets that the log no longer has.</summary>
    public void Add(Gap gap)
    {
        _gaps.Add(gap);
        Bytes += DeltaSize.BytesPerGap;
    }

    /// <summary>Moves everything out into a delta.</summary>
    public Delta Take(StreamPartition partition, VersionDigest version, LogPosition from, LogPosition to)
    {
        var counts = new List<KeyCount>(_changed.Count);
        foreach (var key in _changed)
            key.MoveTo(counts);
        var counted = 0L;
        foreach (var (_, _, count) in counts)
            counted += count;
        var delta = new Delta(
            partition, version, from, to, new Balance(counted, Late, Dead, Filtered, Consumed), counts, _gaps);
        _gaps = [];
        Clear();
        return delta;
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        foreach (var key in _changed)
            key.Clear();
        _changed.Clear();
        if (_gaps.Count > 0)
            _gaps = [];
        Late = Dead = Filtered = Consumed = 0;
        Bytes = DeltaSize.BytesPerDelta;
    }

    private static int BytesOf(KeyTally key, Window window) =>
        key.IsEmpty ? key.EncodedBytes + DeltaSize.BytesPerCount : key.Holds(window) ? 0 : DeltaSize.BytesPerCount;
}
