using Pulse.Actors.Buckets;
using System.Runtime.InteropServices;
using Pulse.Counting;

namespace Pulse.Actors.Live;

/// <summary>
/// One window of one rollup in memory: the largest keys, and every bucket's total, so that what is not held by key is
/// still part of the sum. Counts only grow: whatever comes, in whatever order, the largest is kept.
/// </summary>
internal sealed class WindowCounts(int maximumKeys)
{
    private readonly Dictionary<RollupKey, long> _keys = [];
    private readonly Dictionary<int, long> _bucketTotals = [];
    private long _keySum;
    private long _bucketSum;

    /// <summary>The exact sum over all keys, held or not.</summary>
    public long Total => Math.Max(_bucketSum, _keySum);

    /// <summary>The part of the total that belongs to keys that are not held.</summary>
    public long Other => Total - _keySum;

    /// <summary>The held keys.</summary>
    public IReadOnlyDictionary<RollupKey, long> Keys => _keys;

    /// <summary>How many counts are in memory.</summary>
    public int Size => _keys.Count + _bucketTotals.Count;

    /// <summary>When a count last changed.</summary>
    public DateTime ChangedUtc { get; private set; }

    /// <returns>Whether anything grew.</returns>
    public bool Merge(int bucket, long total, IReadOnlyList<KeyTotal> keys, DateTime nowUtc)
    {
        var grew = Raise(ref CollectionsMarshal.GetValueRefOrAddDefault(_bucketTotals, bucket, out _), total, ref _bucketSum);
        foreach (var (key, count) in keys)
            grew |= Raise(ref CollectionsMarshal.GetValueRefOrAddDefault(_keys, key, out _), count, ref _keySum);
        if (grew)
            ChangedUtc = nowUtc;
        if (_keys.Count > 2 * maximumKeys)
            KeepLargest();
        return grew;
    }

    private static bool Raise(ref long held, long given, ref long sum)
    {
        if (given <= held)
            return false;
        sum += given - held;
        held = given;
        return true;
    }

    private void KeepLargest()
    {
        foreach (var (key, count) in _keys.OrderByDescending(pair => pair.Value).Skip(maximumKeys).ToList())
        {
            _keys.Remove(key);
            _keySum -= count;
        }
    }
}
