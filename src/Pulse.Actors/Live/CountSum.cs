using Pulse.Actors.Buckets;
using System.Runtime.InteropServices;
using Pulse.Counting;

namespace Pulse.Actors.Live;

/// <summary>Adds up windows to the answer to a <see cref="RollupQuery"/>. Not thread-safe.</summary>
internal sealed class CountSum(RollupQuery query)
{
    private readonly Dictionary<RollupKey, long> _keys = [];
    private readonly List<KeyCount> _cells = [];
    private readonly SortedDictionary<Window, long> _windows = [];
    private readonly bool _hasValues = query.HasValues;
    private long _total;
    private long _other;

    /// <summary>The version of memory that was added.</summary>
    public long Version { get; set; }

    /// <summary>How many single counts were added.</summary>
    public int Size => _keys.Count + _cells.Count;

    public void Add(Window window, WindowCounts counts)
    {
        foreach (var (key, count) in counts.Keys)
            Add(key, window, count);

        // What is not held by key can't be filtered by its values.
        _other += counts.Other;
        if (_hasValues || counts.Other == 0)
            return;
        _total += counts.Other;
        AddToWindow(window, counts.Other);
    }

    public void Add(RollupKey key, Window window, long count)
    {
        if (_hasValues && !query.Includes(key))
            return;
        CollectionsMarshal.GetValueRefOrAddDefault(_keys, key, out _) += count;
        if (query.IsPerWindow)
            _cells.Add(new KeyCount(key, window, count));
        _total += count;
        AddToWindow(window, count);
    }

    public RollupAnswer ToAnswer()
    {
        var keys = _keys.Select(pair => new KeyTotal(pair.Key, pair.Value)).ToArray();
        Array.Sort(keys, Compare);
        return new RollupAnswer(
            query.Rollup,
            keys,
            [.. _windows.Select(pair => new WindowTotal(pair.Key, pair.Value))],
            _cells,
            _total,
            _hasValues ? 0 : _other,
            IsExactPerKey: _other == 0,
            Version);
    }

    private void AddToWindow(Window window, long count) =>
        _windows[window] = _windows.GetValueOrDefault(window) + count;

    // Largest first; equal ones in the order of their values, so that pages neither repeat nor skip one.
    private static int Compare(KeyTotal left, KeyTotal right)
    {
        var order = right.Count.CompareTo(left.Count);
        for (var index = 0; order == 0 && index < left.Key.Values.Count; index++)
            order = string.CompareOrdinal(left.Key.Values[index], right.Key.Values[index]);
        return order;
    }
}
