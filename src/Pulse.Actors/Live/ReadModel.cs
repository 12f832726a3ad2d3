using System.Collections.Frozen;
using Pulse.Events;

namespace Pulse.Actors.Live;

/// <summary>
/// The counts that a node's dashboards and API read: all rollups, the newest windows, bounded by
/// <see cref="LiveOptions"/>. Thread-safe.
/// </summary>
public sealed class ReadModel
{
    private readonly FrozenDictionary<string, RollupCounts> _rollups;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Makes an empty model.</summary>
    /// <param name="catalog">The rollups; the ledger of dead letters is added to them.</param>
    /// <param name="options">Its bounds.</param>
    /// <param name="settled">After how long without a change a window is surely in the result tables.</param>
    /// <param name="time">The clock; the system's if null.</param>
    public ReadModel(RollupCatalog catalog, LiveOptions options, TimeSpan settled, TimeProvider? time = null)
    {
        Options = options;
        _rollups = catalog.Counted.ToFrozenDictionary(
            rollup => rollup.Name,
            rollup => new RollupCounts(rollup, options, settled, time ?? TimeProvider.System),
            StringComparer.OrdinalIgnoreCase);
        Rollups = [.. catalog.Counted.Select(rollup => _rollups[rollup.Name])];
    }

    /// <summary>The bounds.</summary>
    public LiveOptions Options { get; }

    /// <summary>All rollups, in the order of the catalogue, dead letters last.</summary>
    public IReadOnlyList<RollupCounts> Rollups { get; }

    /// <summary>How long changes took from being counted to being here.</summary>
    public Delays Delays { get; } = new();

    /// <summary>Whether the stored counts have been read, so that totals are right.</summary>
    public bool IsFilled => Rollups.All(rollup => rollup.CompleteFrom is not null);

    /// <summary>Completes with the next change of any rollup.</summary>
    public Task NextChange => Volatile.Read(ref _changed).Task;

    /// <summary>Finds a rollup by its name; case does not count.</summary>
    public RollupCounts? Find(string rollup) => _rollups.GetValueOrDefault(rollup);

    internal void Merge(LiveCounts counts)
    {
        var changed = false;
        foreach (var bucket in counts.Buckets)
            changed |= Find(bucket.Bucket.Rollup)?.Merge(bucket) ?? false;
        Delays.Add(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - counts.ChangedSinceUnixMilliseconds);
        if (changed)
            TellChange();
    }

    internal void TellChange() =>
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))
            .TrySetResult();
}
