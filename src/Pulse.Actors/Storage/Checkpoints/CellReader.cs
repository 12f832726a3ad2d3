using System.Runtime.InteropServices;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// Reads what is stored of buckets' cells, for the pages of a node: whole windows, in one snapshot with the buckets' rows,
/// so that a bucket can tell which of its increments are in there.
/// </summary>
internal static class CellReader
{
    /// <summary>Of a window with more cells in one bucket, only the total and the cells that were asked for are told.</summary>
    public const int MaximumCells = 50_000;

    /// <summary>Reads the windows of the cells that were asked for.</summary>
    /// <param name="store">The node's store.</param>
    /// <param name="asked">By bucket, the cells whose counts it wants to know.</param>
    /// <param name="rollupOf">The rollup of a bucket.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public static async Task<IReadOnlyDictionary<BucketId, CellsOfBucket>> ReadAsync(
        ICheckpointStore store,
        IReadOnlyDictionary<BucketId, IReadOnlyList<(RollupKey Key, Window Window)>> asked,
        Func<BucketId, Rollup> rollupOf,
        CancellationToken cancellationToken)
    {
        var snapshot = await store.ReadSnapshotAsync(cancellationToken).ConfigureAwait(false);
        await using var disposing = snapshot.ConfigureAwait(false);
        var found = new Dictionary<BucketId, CellsOfBucket>();
        foreach (var ofRollup in asked.GroupBy(each => rollupOf(each.Key)))
        {
            // A bucket without a row has nothing to be told, and finds out by itself.
            var buckets = ofRollup.Where(each => snapshot.Buckets.ContainsKey(each.Key)).ToDictionary(
                each => each.Key.Number, each => new CellsOfBucket(each.Key, snapshot.Buckets[each.Key].Checkpoint, each.Value));
            foreach (var window in ofRollup.SelectMany(each => each.Value).Select(cell => cell.Window).Distinct())
            {
                var after = new Window(window.EndUnixSeconds + 1);
                await foreach (var row in snapshot.ReadAsync(ofRollup.Key, window, after, cancellationToken).ConfigureAwait(false))
                {
                    if (buckets.TryGetValue(BucketId.NumberOf(ofRollup.Key, row.Key), out var cells))
                        cells.Add(row);
                }
            }

            foreach (var cells in buckets.Values)
                found.Add(cells.Bucket, cells);
        }

        return found;
    }
}

/// <summary>What was read of one bucket.</summary>
internal sealed class CellsOfBucket
{
    private readonly HashSet<(RollupKey Key, Window Window)> _asked;
    private readonly Dictionary<Window, long> _totals = [];
    private readonly Dictionary<Window, List<KeyCount>> _windows = [];
    private readonly HashSet<Window> _incomplete = [];

    /// <param name="bucket">The bucket.</param>
    /// <param name="checkpoint">Its row's checkpoint in the same snapshot.</param>
    /// <param name="asked">What it wants to know.</param>
    public CellsOfBucket(BucketId bucket, CheckpointId checkpoint, IReadOnlyList<(RollupKey Key, Window Window)> asked)
    {
        (Bucket, Checkpoint) = (bucket, checkpoint);
        _asked = [.. asked];
        foreach (var (_, window) in asked)
            _windows.TryAdd(window, []);
    }

    /// <summary>The bucket.</summary>
    public BucketId Bucket { get; }

    /// <summary>Its row's checkpoint in the same snapshot.</summary>
    public CheckpointId Checkpoint { get; }

    /// <summary>Windows of which <see cref="Counts"/> has every cell that is stored.</summary>
    public IReadOnlyCollection<Window> Complete => [.. _windows.Keys.Where(window => !_incomplete.Contains(window))];

    /// <summary>The counts, each window's total among them.</summary>
    public IReadOnlyList<KeyCount> Counts()
    {
        var counts = new List<KeyCount>();
        foreach (var (window, cells) in _windows)
        {
            counts.Add(new KeyCount(BucketCheckpointing.Total, window, _totals.GetValueOrDefault(window)));
            counts.AddRange(cells);
        }

        return counts;
    }

    /// <summary>Adds one row of a window that was asked about.</summary>
    public void Add(KeyCount row)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_totals, row.Window, out _) += row.Count;
        if (!_windows.TryGetValue(row.Window, out var cells))
            return;
        if (cells.Count >= CellReader.MaximumCells && _incomplete.Add(row.Window))
            cells.RemoveAll(cell => !_asked.Contains((cell.Key, cell.Window)));
        if (!_incomplete.Contains(row.Window) || _asked.Contains((row.Key, row.Window)))
            cells.Add(row);
    }
}
