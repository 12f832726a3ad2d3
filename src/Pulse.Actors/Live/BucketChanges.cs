using System.Runtime.InteropServices;
using Pulse.Actors.Counting;
using Pulse.Actors.Rollups;

namespace Pulse.Actors.Live;

/// <summary>
/// What one bucket has counted since the live feed last looked. The bucket writes, the feed takes; no message passes
/// between the two.
/// </summary>
/// <remarks>
/// Of a bucket with very many keys the feed takes only the largest changed ones, and every window's exact total, so
/// that the rest is known as a sum. A key below the threshold can't be among the largest: that many other keys of the
/// same bucket were larger already, and counts only grow.
/// </remarks>
/// <param name="bucket">The bucket.</param>
/// <param name="node">Where the bucket queues when it has changed.</param>
internal sealed class BucketChanges(BucketId bucket, LiveBuckets node) : ICountListener
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Window, WindowChanges> _windows = [];
    private long _changedSince;

    /// <inheritdoc />
    public void Counted(RollupKey key, Window window, long count, long increase)
    {
        lock (_gate)
        {
            var changes = Changes(window);
            changes.Total += increase;
            if (count >= changes.Threshold)
                changes.Keys[key] = count;
            if (_changedSince != 0)
                return;
            _changedSince = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        }

        node.Changed(this);
    }

    /// <inheritdoc />
    public void Recovered(Window window, long increase)
    {
        lock (_gate)
            Changes(window).Total += increase;
    }

    /// <inheritdoc />
    public void Sealed(Window window)
    {
        lock (_gate)
            _windows.Remove(window);
    }

    /// <summary>Takes what changed, and how long ago the first of it did.</summary>
    /// <param name="maximumKeys">The largest number of keys per window.</param>
    public (LiveBucket Counts, long ChangedSinceUnixMilliseconds) Take(int maximumKeys)
    {
        lock (_gate)
        {
            var windows = new List<LiveWindow>();
            foreach (var (window, changes) in _windows)
            {
                if (changes.Keys.Count > 0)
                    windows.Add(new LiveWindow(window, changes.Total, changes.TakeKeys(maximumKeys)));
            }

            var since = _changedSince;
            _changedSince = 0;
            return (new LiveBucket(bucket, windows), since);
        }
    }

    private WindowChanges Changes(Window window)
    {
        ref var changes = ref CollectionsMarshal.GetValueRefOrAddDefault(_windows, window, out _);
        return changes ??= new WindowChanges();
    }

    private sealed class WindowChanges
    {
        public long Total { get; set; }

        public long Threshold { get; private set; }

        public Dictionary<RollupKey, long> Keys { get; } = [];

        public List<KeyTotal> TakeKeys(int maximum)
        {
            var keys = new List<KeyTotal>(Keys.Count);
            foreach (var (key, count) in Keys)
                keys.Add(new KeyTotal(key, count));
            Keys.Clear();
            Keys.TrimExcess(Math.Min(keys.Count, maximum));
            if (keys.Count <= maximum)
                return keys;

            keys.Sort((left, right) => right.Count.CompareTo(left.Count));
            keys.RemoveRange(maximum, keys.Count - maximum);
            Threshold = Math.Max(Threshold, keys[^1].Count);
            return keys;
        }
    }
}
