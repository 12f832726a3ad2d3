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

    /// <returns>Whether anything grew.</returns>
    internal bool Merge(LiveBucket bucket)
    {
        lock (_gate)
        {
            var grew = false;
            foreach (var window in bucket.Windows)
                grew |= Merge(bucket.Bucket.Number, window.Window, window.Total, window.Keys);
            return Changed(grew);
        }
    }

    /// <summary>Takes whole windows from storage.</summary>
    /// <param name="stored">All counts of every window, by bucket.</param>
    /// <param name="completeFrom">The oldest window that was read, or the Unix epoch if there is no older one.</param>
    internal bool Fill(IEnumerable<(BucketId Bucket, LiveWindow Window)> stored, Window completeFrom)
    {
        lock (_gate)
        {
            var grew = _completeFrom is null;
            _completeFrom = _completeFrom is { } held && held < completeFrom ? held : completeFrom;
            foreach (var (bucket, window) in stored)
                grew |= Merge(bucket.Number, window.Window, window.Total, window.Keys);
            return Changed(grew);
        }
    }

    private bool Merge(int bucket, Window window, long total, IReadOnlyList<KeyTotal> keys)
    {
        // Storage is asked for windows that left memory; a late event shows there with the next checkpoint.
        if (_completeFrom is { } from && window < from)
            return false;
        if (!_windows.TryGetValue(window, out var counts))
            _windows.Add(window, counts = new WindowCounts(_options.KeysPerWindow));
        _size -= counts.Size;
        var grew = counts.Merge(bucket, total, keys, _time.GetUtcNow().UtcDateTime);
        _size += counts.Size;
        return grew;
    }

    private bool Changed(bool grew)
    {
        while (_windows.Count > 1 && MustLeave(_windows.Values[0]))
        {
            _completeFrom = new Window(_windows.Keys[0].EndUnixSeconds + 1);
            _size -= _windows.Values[0].Size;
            _windows.RemoveAt(0);
            grew = true;
        }

        if (grew)
            Volatile.Write(ref _version, _version + 1);
        return grew;
    }

    // A window may go when storage surely has it; for the sake of memory sooner.
    private bool MustLeave(WindowCounts oldest) =>
        _completeFrom is not null
        && (_size > _options.Counts
            || (_windows.Count > _options.Windows && _time.GetUtcNow().UtcDateTime - oldest.ChangedUtc > _settled));

    private int FirstIndex(RollupQuery query) =>
        query.NewestWindows is { } newest ? Math.Max(0, _windows.Count - newest) : 0;

}
