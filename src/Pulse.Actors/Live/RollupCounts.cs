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

    /// <summary>Takes whole windows from storage.</summary>
    /// <param name="stored">All counts of every window, by bucket.</param>
    /// <param name="completeFrom">The oldest window that was read, or the Unix epoch if there is no older one.</param>
    internal bool Fill(IEnumerable<LiveBucket> stored, Window completeFrom)
    {
        lock (_gate)
        {
            var changed = _completeFrom is null;
            _completeFrom = _completeFrom is { } held && held < completeFrom ? held : completeFrom;
            foreach (var bucket in stored)
                changed |= MergeWindows(bucket);
            return Changed(changed);
        }
    }

    private bool MergeWindows(LiveBucket bucket)
    {
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
            _size -= _windows.Values[0].Size;
            _windows.RemoveAt(0);
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
