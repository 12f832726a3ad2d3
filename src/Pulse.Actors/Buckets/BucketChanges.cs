using System.Runtime.InteropServices;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>
/// What one bucket has counted since the live feed last looked. The bucket writes, the feed takes; no message passes
/// between the two.
/// </summary>
/// <remarks>
/// Of a bucket with very many keys the feed takes only the largest changed ones, and every window's exact total, so
/// that the rest is known as a sum. A key below the threshold can't be among the largest: that many other keys of the
/// same bucket were larger already, and counts of one generation only grow.
/// </remarks>
/// <param name="bucket">The bucket.</param>
/// <param name="node">Where the bucket queues when it has changed.</param>
/// <param name="siblings">Over how many buckets the rollup's keys are spread, this one included.</param>
internal sealed class BucketChanges(BucketId bucket, LiveBuckets node, int siblings = 1)
{
    // The largest keys of a rollup are spread over its buckets evenly, but not exactly so.
    private const int Unevenness = 4;
    private const int LeastKeys = 50;
    private const int MaximumWindows = 1_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<Window, WindowChanges> _windows = [];
    private long _changedSince;
    private long _generation;
    private int _maximumKeys = int.MaxValue;

    private int _changedCells;

    /// <summary>How many cells changed since the last checkpoint. Written by the bucket, read by anyone.</summary>
    public int ChangedCells
    {
        get => Volatile.Read(ref _changedCells);
        set => Volatile.Write(ref _changedCells, value);
    }

    /// <summary>Shows cells as they are now, the totals of their windows among them.</summary>
    /// <param name="cells">The cells.</param>
    /// <param name="generation">See <see cref="BucketCheckpointing.Generation"/>; what an earlier one had shown is dropped.</param>
    public void Show(IReadOnlyList<ShownCount> cells, long generation)
    {
        if (cells.Count == 0)
            return;
        lock (_gate)
        {
            if (generation != _generation)
                _windows.Clear();
            _generation = generation;
            foreach (var (key, window, count) in cells)
            {
                if (ReferenceEquals(key, BucketCheckpointing.Total))
                    Changes(window).Total = count;
                else
                    Changes(window).Add(key, count, _maximumKeys);
            }

            if (_changedSince != 0)
                return;
            _changedSince = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        }

        node.Changed(this);
    }

    /// <summary>Takes what changed, and how long ago the first of it did.</summary>
    /// <param name="maximumKeys">The largest number of keys per window and rollup.</param>
    public (LiveBucket Counts, long ChangedSinceUnixMilliseconds) Take(int maximumKeys)
    {
        lock (_gate)
        {
            _maximumKeys = siblings == 1
                ? maximumKeys
                : Math.Min(maximumKeys, Math.Max(LeastKeys, Unevenness * maximumKeys / siblings));
            var windows = new List<LiveWindow>();
            foreach (var (window, changes) in _windows)
            {
                if (changes.HasKeys)
                    windows.Add(new LiveWindow(window, changes.Total, changes.TakeKeys(_maximumKeys)));
            }

            while (_windows.Count > MaximumWindows)
                _windows.Remove(_windows.Keys.Min());
            var since = _changedSince;
            _changedSince = 0;
            return (new LiveBucket(bucket, _generation, windows), since);
        }
    }

    private WindowChanges Changes(Window window)
    {
        ref var changes = ref CollectionsMarshal.GetValueRefOrAddDefault(_windows, window, out _);
        return changes ??= new WindowChanges();
    }

    private sealed class WindowChanges
    {
        // So much more than will be taken may come together before the smallest are dropped.
        private const int Slack = 4;

        private readonly Dictionary<RollupKey, long> _keys = [];
        private long _threshold;

        public long Total { get; set; }

        public bool HasKeys => _keys.Count > 0;

        public void Add(RollupKey key, long count, int maximum)
        {
            if (count < _threshold)
                return;
            _keys[key] = count;
            if (_keys.Count / Slack < maximum)
                return;
            foreach (var (largest, itsCount) in TakeKeys(maximum))
                _keys.Add(largest, itsCount);
        }

        public List<KeyTotal> TakeKeys(int maximum)
        {
            var keys = new List<KeyTotal>(_keys.Count);
            foreach (var (key, count) in _keys)
                keys.Add(new KeyTotal(key, count));
            _keys.Clear();
            if (keys.Count <= maximum)
                return keys;

            keys.Sort((left, right) => right.Count.CompareTo(left.Count));
            keys.RemoveRange(maximum, keys.Count - maximum);
            _threshold = Math.Max(_threshold, keys[^1].Count);
            return keys;
        }
    }
}
