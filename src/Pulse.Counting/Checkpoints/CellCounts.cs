using System.Runtime.InteropServices;

namespace Pulse.Counting;

/// <summary>
/// The stored counts of a bucket's cells, as far as pages need them: with the increments since, they are what pages are
/// shown. A cache; nothing that is stored depends on it.
/// </summary>
/// <remarks>
/// A cell whose stored count is not known is not shown, so that pages keep its last known value; increments alone would
/// be no count of anything. It becomes known by the statement that changes it, or is read in the background. Where totals
/// are shown, each window has one more cell, <see cref="Total"/>. Of a window that was read completely, all cells are known.
/// </remarks>
internal sealed partial class CellCounts
{
    /// <summary>The largest number of stored counts that are kept; beyond it, those of the window that ends first go.</summary>
    public const int MaximumCells = 200_000;

    /// <summary>In place of a key: the sum of all cells of a window that the bucket owns.</summary>
    public static readonly RollupKey Total = new("");

    private readonly Dictionary<(RollupKey Key, Window Window), long> _stored = [];
    private readonly HashSet<(RollupKey Key, Window Window)> _changed = [];
    private readonly HashSet<Window> _complete = [];
    private readonly Dictionary<Window, int> _keys = [];
    private Window _keptFrom = new(long.MaxValue);

    /// <summary>Whether the windows' totals are shown as well.</summary>
    public bool ShowsTotals { get; init; }

    /// <summary>Whether there are cells that changed and wait for their stored count.</summary>
    public bool HasUnknown => _changed.Any(cell => !IsKnown(cell));

    /// <summary>How many cells the window has that has most, as far as known.</summary>
    public int MostKeys { get; private set; }

    /// <summary>Keeps the cells of windows that pages hold, and forgets older ones. Before the first call, none is kept.</summary>
    /// <param name="oldest">The oldest window that pages hold.</param>
    public void KeepFrom(Window oldest)
    {
        if (oldest > _keptFrom)
            ForgetBefore(oldest);
        _keptFrom = oldest;
    }

    /// <summary>Forgets all: the bucket begins anew.</summary>
    public void StartOver()
    {
        _stored.Clear();
        _changed.Clear();
        _complete.Clear();
        _keys.Clear();
    }

    /// <summary>A delta was applied.</summary>
    public void Changed(IReadOnlyList<KeyCount> counts)
    {
        foreach (var (key, window, _) in counts)
        {
            if (window < _keptFrom)
                continue;
            _changed.Add((key, window));
            if (ShowsTotals)
                _changed.Add((Total, window));
        }
    }

    /// <summary>A statement was executed.</summary>
    /// <param name="increments">What it added.</param>
    /// <param name="counts">The new counts that it returned: of all, some or none of the cells that it changed.</param>
    public void Stored(IReadOnlyList<KeyCount> increments, IReadOnlyList<KeyCount> counts)
    {
        // Statements form a chain: what was stored before, and what this one added, is what is stored.
        foreach (var (key, window, count) in increments)
        {
            if (_stored.TryGetValue((key, window), out var before) || _complete.Contains(window))
                Keep((key, window), before + count);
            if (_stored.TryGetValue((Total, window), out var total))
                _stored[(Total, window)] = total + count;
        }

        // This forgets what has become too much as well.
        Read(counts);
    }

    /// <summary>Takes counts as they are stored, those of a statement that is on its way not included.</summary>
    /// <param name="counts">The counts.</param>
    /// <param name="complete">Windows of which these are all cells that are stored.</param>
    public void Read(IReadOnlyList<KeyCount> counts, IEnumerable<Window>? complete = null)
    {
        _complete.UnionWith((complete ?? []).Where(window => window >= _keptFrom));
        foreach (var (key, window, count) in counts)
        {
            if (window < _keptFrom)
                continue;
            Keep((key, window), count);
        }

        while (_stored.Count > MaximumCells)
            ForgetBefore(new Window(_stored.Keys.Min(cell => cell.Window).EndUnixSeconds + 1));
    }

    /// <summary>Takes the cells that changed since the last call and are known.</summary>
    /// <param name="unstored">What came since the last freeze.</param>
    /// <param name="frozen">What is on its way into the database; null if nothing is.</param>
    public IReadOnlyList<ShownCount> TakeChanged(UnstoredChanges unstored, UnstoredChanges? frozen)
    {
        if (_changed.Count == 0)
            return [];
        var shown = new List<ShownCount>(_changed.Count);
        foreach (var cell in _changed)
        {
            var isKnown = _stored.TryGetValue(cell, out var stored) || _complete.Contains(cell.Window);
            Mistake("UnknownCellsAreShown", ref isKnown, true);
            if (!isKnown)
                continue;
            _changed.Remove(cell);
            var count = stored + Of(frozen, cell) + Of(unstored, cell);
            shown.Add(new ShownCount(cell.Key, cell.Window, count));
        }

        return shown;

        static long Of(UnstoredChanges? changes, (RollupKey Key, Window Window) cell) =>
            changes is null ? 0 : ReferenceEquals(cell.Key, Total) ? changes.TotalOf(cell.Window) : changes.CountOf(cell);
    }

    /// <summary>Has cells shown again, as if they had changed.</summary>
    public void ShowAgain(UnstoredChanges? changes) => Changed(changes?.Counts() ?? []);

    /// <summary>Some of the cells that changed and wait for their stored count.</summary>
    public IReadOnlyList<(RollupKey Key, Window Window)> Unknown(int maximum) =>
        [.. _changed.Where(cell => !IsKnown(cell)).Take(maximum)];

    private bool IsKnown((RollupKey Key, Window Window) cell) => _stored.ContainsKey(cell) || _complete.Contains(cell.Window);

    private void Keep((RollupKey Key, Window Window) cell, long count)
    {
        ref var stored = ref CollectionsMarshal.GetValueRefOrAddDefault(_stored, cell, out var isKept);
        stored = count;
        if (!isKept && !ReferenceEquals(cell.Key, Total))
            MostKeys = Math.Max(MostKeys, ++CollectionsMarshal.GetValueRefOrAddDefault(_keys, cell.Window, out _));
    }

    private void ForgetBefore(Window window)
    {
        foreach (var cell in _stored.Keys)
        {
            if (cell.Window < window)
                _stored.Remove(cell);
        }

        foreach (var old in _keys.Keys)
        {
            if (old < window)
                _keys.Remove(old);
        }

        _complete.RemoveWhere(old => old < window);
        _changed.RemoveWhere(cell => cell.Window < window);
    }

    static partial void Mistake<T>(string name, ref T decision, T wrong);
}
