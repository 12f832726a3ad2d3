using Pulse.Actors.Buckets;
using Pulse.Counting;

namespace Pulse.Actors.Live;

/// <summary>The newest windows of one rollup in memory. Thread-safe.</summary>
public sealed class RollupCounts
{
    private readonly Lock _gate = new();
    private readonly SortedList<Window, WindowCounts> _windows = [];
    private readonly LiveOptions _options;
    private readonly TimeSpan _settled;
    private readonly TimeProvider _time;
    private int _size;
    private long _version;
    private Window? _completeFrom;
    private IReadOnlyDictionary<int, long> _generations = new Dictionary<int, long>();

    internal RollupCounts(Rollup rollup, LiveOptions options, TimeSpan settled, TimeProvider time)
    {
        Rollup = rollup;
        _options = options;
        _settled = settled;
        _time = time;
    }

    /// <summary>The rollup.</summary>
    public Rollup Rollup { get; }

    /// <summary>Grows with every change.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>
    /// From this window on everything is in memory; what is older must be read from storage. Null before memory was
    /// first filled.
    /// </summary>
    public Window? CompleteFrom
    {
        get
        {
            lock (_gate)
                return _completeFrom;
        }
    }

    /// <summary>Adds up what is in memory.</summary>
    /// <param name="query">Which windows and keys.</param>
    /// <param name="sum">Where to.</param>
    internal void AddTo(RollupQuery query, CountSum sum)
    {
        lock (_gate)
        {
            var first = FirstIndex(query);
            for (var index = first; index < _windows.Count; index++)
            {
                var window = _windows.Keys[index];
                if (_completeFrom is { } from && window >= from && query.Includes(window))
                    sum.Add(window, _windows.Values[index]);
            }

            sum.Version = _version;
        }
    }

    /// <summary>The windows in memory with their totals, oldest first.</summary>
    public IReadOnlyList<WindowTotal> Totals()
    {
        lock (_gate)
            return [.. _windows.Select(pair => new WindowTotal(pair.Key, pair.Value.Total))];
    }

    /// <returns>Whether anything changed.</returns>
    internal bool Merge(LiveBucket bucket)
    {
        lock (_gate)
        {
            return Changed(MergeWindows(bucket));
        }
    }

    /// <summary>Whether storage knows an incarnation of a bucket that this does not: it may have begun with less, as after a rebuild.</summary>
    /// <param name="generations">In storage, by bucket.</param>
    internal bool IsBehind(IReadOnlyDictionary<int, long> generations)
    {
        lock (_gate)
            return !IsKnown(generations);
    }

    /// <summary>Takes whole windows from storage.</summary>
    /// <param name="stored">All counts of every window, by bucket.</param>
    /// <param name="generations">Of all buckets, read before the counts.</param>
    /// <param name="from">The oldest window that was read, or the Unix epoch if there is no older one.</param>
    /// <param name="below">All windows up to this one were read; null for all newer ones.</param>
    internal bool Fill(IEnumerable<LiveBucket> stored, IReadOnlyDictionary<int, long> generations, Window from, Window? below)
    {
        lock (_gate)
        {
            var changed = _completeFrom is null;
            _completeFrom = _completeFrom is { } held && held < from ? held : from;
            foreach (var bucket in stored)
                changed |= MergeWindows(bucket);
            if (!IsKnown(generations))
                changed |= DropFormer(generations, from, below);
            return Changed(changed);
        }
    }

    /// <summary>Everything that is kept was read from storage: what is older has to be read there, and what former incarnations still tell is wrong.</summary>
    /// <param name="generations">Of all buckets, read before the counts.</param>
    /// <param name="from">The oldest window that was read.</param>
    internal bool Filled(IReadOnlyDictionary<int, long> generations, Window from)
    {
        lock (_gate)
        {
            _generations = generations;
            var changed = false;
            while (_windows.Count > 0 && _windows.Keys[0] < from)
            {
                RemoveOldest();
                changed = true;
            }

            _completeFrom = _completeFrom is { } held && held > from ? held : from;
            return Changed(changed);
        }
    }

    private bool IsKnown(IReadOnlyDictionary<int, long> generations) =>
        generations.All(bucket => bucket.Value <= _generations.GetValueOrDefault(bucket.Key, -1));

    private bool DropFormer(IReadOnlyDictionary<int, long> generations, Window from, Window? below)
    {
        var changed = false;
        for (var index = _windows.Count - 1; index >= 0 && _windows.Keys[index] >= from; index--)
        {
            if (below is null || _windows.Keys[index] < below)
                changed |= DropFormer(index, generations);
        }

        return changed;
    }

    private bool DropFormer(int index, IReadOnlyDictionary<int, long> generations)
    {
        var counts = _windows.Values[index];
        _size -= counts.Size;
        var changed = counts.DropFormer(Rollup, generations);
        _size += counts.Size;
        if (counts.Size == 0)
            _windows.RemoveAt(index);
        return changed;
    }

    private void RemoveOldest()
    {
        _size -= _windows.Values[0].Size;
        _windows.RemoveAt(0);
    }

    private bool MergeWindows(LiveBucket bucket)
    {
        if (bucket.Generation < _generations.GetValueOrDefault(bucket.Bucket.Number))
            return false;
        var changed = false;
        foreach (var window in bucket.Windows)
        {
            // Storage is asked for windows that left memory; a late event shows there with the next checkpoint.
            if (_completeFrom is { } from && window.Window < from)
                continue;
            if (!_windows.TryGetValue(window.Window, out var counts))
                _windows.Add(window.Window, counts = new WindowCounts(_options.KeysPerWindow));
            _size -= counts.Size;
            changed |= counts.Merge(bucket.Bucket.Number, bucket.Generation, window, _time.GetUtcNow().UtcDateTime);
            _size += counts.Size;
        }

        return changed;
    }

    private bool Changed(bool changed)
    {
        while (_windows.Count > 1 && MustLeave(_windows.Values[0]))
        {
            _completeFrom = new Window(_windows.Keys[0].EndUnixSeconds + 1);
            RemoveOldest();
            changed = true;
        }

        if (changed)
            Volatile.Write(ref _version, _version + 1);
        return changed;
    }

    // A window may go when storage surely has it; for the sake of memory sooner.
    private bool MustLeave(WindowCounts oldest) =>
        _completeFrom is not null
        && (_size > _options.Counts
            || (_windows.Count > _options.Windows && _time.GetUtcNow().UtcDateTime - oldest.ChangedUtc > _settled));

    private int FirstIndex(RollupQuery query)
    {
        if (query.NewestWindows is not { } newest)
            return 0;
        var end = _windows.Count;
        while (end > 0 && query.Latest is { } latest && _windows.Keys[end - 1] > latest)
            end--;
        return Math.Max(0, end - newest);
    }
}
