using Pulse.Actors.Buckets;
using System.Runtime.InteropServices;
using Pulse.Actors.Storage;
using Pulse.Counting;

namespace Pulse.Actors.Live;

/// <summary>Reads the newest windows of all rollups from the result tables into a <see cref="ReadModel"/>.</summary>
internal sealed class ModelFiller(ResultStore store, LiveOptions options)
{
    // The newest windows first, so that a node with much to read shows something soon.
    private const int FirstWindows = 4;

    /// <exception cref="StorageException">Storage does not answer; what was read until then is in the model.</exception>
    public async Task FillAsync(ReadModel model, int newestWindows, CancellationToken cancellationToken)
    {
        foreach (var counts in model.Rollups)
        {
            await FillAsync(counts, newestWindows, cancellationToken).ConfigureAwait(false);
            model.TellChange();
        }
    }

    private async Task FillAsync(RollupCounts counts, int newestWindows, CancellationToken cancellationToken)
    {
        // Read before the counts: of a bucket that is taken over in between, these may be called older than they are, never newer.
        var generations = await store.GenerationsAsync(counts.Rollup, cancellationToken).ConfigureAwait(false);
        // Only then can memory hold what storage has no more.
        var isBehind = counts.IsBehind(generations);
        if (isBehind)
            newestWindows = options.Windows;
        var ends = await store.NewestWindowsAsync(counts.Rollup, newestWindows, cancellationToken).ConfigureAwait(false);
        var isEverything = ends.Count < newestWindows;
        var from = new Window(0);
        if (ends.Count == 0)
            counts.Fill([], generations, from, below: null);

        var read = 0;
        var first = 0;
        for (var size = FirstWindows; first < ends.Count && (first == 0 || read < options.Counts / 2); size *= 2)
        {
            var next = Math.Min(first + size, ends.Count);
            var windows = new Dictionary<(int Bucket, Window Window), Filling>();
            await foreach (var row in store
                .ReadRangeAsync(counts.Rollup, ends[next - 1], new Window(ends[first].EndUnixSeconds + 1), cancellationToken)
                .ConfigureAwait(false))
            {
                read++;
                var bucket = BucketId.Owning(counts.Rollup, row.Key);
                ref var window = ref CollectionsMarshal.GetValueRefOrAddDefault(windows, (bucket.Number, row.Window), out _);
                (window ??= new Filling(bucket, row.Window)).Add(row, options.KeysPerWindow);
            }

            var below = first == 0 ? (Window?)null : from;
            from = isEverything && next == ends.Count ? new Window(0) : ends[next - 1];
            counts.Fill(
                windows.Values.Select(window => new LiveBucket(
                    window.Bucket, generations.GetValueOrDefault(window.Bucket.Number), [window.ToWindow(options.KeysPerWindow)])),
                generations,
                from,
                below);
            first = next;
        }

        if (isBehind)
            counts.Filled(generations, from);
    }

    private sealed class Filling(BucketId bucket, Window window)
    {
        private readonly List<KeyTotal> _keys = [];
        private long _total;

        public BucketId Bucket => bucket;

        public void Add(KeyCount row, int maximumKeys)
        {
            _total += row.Count;
            _keys.Add(new KeyTotal(row.Key, row.Count));
            if (_keys.Count > 4 * maximumKeys)
                KeepLargest(maximumKeys);
        }

        public LiveWindow ToWindow(int maximumKeys)
        {
            KeepLargest(maximumKeys);
            return new LiveWindow(window, _total, _keys);
        }

        private void KeepLargest(int maximum)
        {
            if (_keys.Count <= maximum)
                return;
            _keys.Sort((left, right) => right.Count.CompareTo(left.Count));
            _keys.RemoveRange(maximum, _keys.Count - maximum);
        }
    }
}
