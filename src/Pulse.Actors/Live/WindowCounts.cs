using Pulse.Actors.Buckets;
using System.Runtime.InteropServices;
using Pulse.Counting;

namespace Pulse.Actors.Live;

/// <summary>
/// One window of one rollup in memory: the largest keys, and every bucket's total, so that what is not held by key is
/// still part of the sum. Whatever comes, in whatever order, the largest count of the largest generation is kept: while one
/// incarnation of a bucket counts, its counts only grow, and its successor may begin with less.
/// </summary>
internal sealed class WindowCounts(int maximumKeys)
{
    private readonly Dictionary<RollupKey, Held> _keys = [];
    private readonly Dictionary<int, Held> _bucketTotals = [];
    private long _keySum;
    private long _bucketSum;

    /// <summary>The exact sum over all keys, held or not.</summary>
    public long Total => Math.Max(_bucketSum, _keySum);

    /// <summary>The part of the total that belongs to keys that are not held.</summary>
    public long Other => Total - _keySum;

    /// <summary>The held keys.</summary>
    public IEnumerable<KeyTotal> Keys => _keys.Select(pair => new KeyTotal(pair.Key, pair.Value.Count));

    /// <summary>How many counts are in memory.</summary>
    public int Size => _keys.Count + _bucketTotals.Count;

    /// <summary>When a count last changed.</summary>
    public DateTime ChangedUtc { get; private set; }

    /// <param name="bucket">The number of the bucket that tells.</param>
    /// <param name="generation">Its generation.</param>
    /// <param name="told">What it tells of this window.</param>
    /// <param name="nowUtc">When.</param>
    /// <returns>Whether any count changed.</returns>
    public bool Merge(int bucket, long generation, LiveWindow told, DateTime nowUtc)
    {
        var total = new Held(generation, told.Total);
        var changed = Take(ref CollectionsMarshal.GetValueRefOrAddDefault(_bucketTotals, bucket, out _), total, ref _bucketSum);
        foreach (var (key, count) in told.Keys)
        {
            ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(_keys, key, out _);
            changed |= Take(ref held, new Held(generation, count), ref _keySum);
        }

        if (changed)
            ChangedUtc = nowUtc;
        if (_keys.Count > 2 * maximumKeys)
            KeepLargest();
        return changed;
    }

    /// <summary>Drops what incarnations before those in storage have counted, and the ones in storage have not (yet).</summary>
    /// <param name="rollup">Whose counts they are.</param>
    /// <param name="generations">Of the buckets in storage, whose counts of this window were merged.</param>
    /// <returns>Whether any count changed.</returns>
    public bool DropFormer(Rollup rollup, IReadOnlyDictionary<int, long> generations)
    {
        var before = Size;
        foreach (var (bucket, held) in _bucketTotals)
        {
            if (held.Generation >= generations.GetValueOrDefault(bucket))
                continue;
            _bucketTotals.Remove(bucket);
            _bucketSum -= held.Count;
        }

        var newest = generations.Values.DefaultIfEmpty(0).Max();
        foreach (var (key, held) in _keys)
        {
            if (held.Generation >= newest || held.Generation >= generations.GetValueOrDefault(BucketId.Owning(rollup, key).Number))
                continue;
            _keys.Remove(key);
            _keySum -= held.Count;
        }

        return Size < before;
    }

    private static bool Take(ref Held held, Held told, ref long sum)
    {
        if (told.Generation < held.Generation || (told.Generation == held.Generation && told.Count <= held.Count))
            return false;
        var difference = told.Count - held.Count;
        sum += difference;
        held = told;
        return difference != 0;
    }

    private void KeepLargest()
    {
        foreach (var (key, held) in _keys.OrderByDescending(pair => pair.Value.Count).Skip(maximumKeys).ToList())
        {
            _keys.Remove(key);
            _keySum -= held.Count;
        }
    }

    private readonly record struct Held(long Generation, long Count);
}
