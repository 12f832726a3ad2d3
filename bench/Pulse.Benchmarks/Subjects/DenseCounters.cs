using Pulse.Events;

namespace Pulse.Benchmarks.Subjects;

/// <summary>Counts the three built-in rollups as one would by hand: one array per window and rollup.</summary>
internal sealed class DenseCounters
{
    private const int Values = 64;

    private readonly Dictionary<long, long[][]> _windows = [];
    private long _window = -1;
    private long[][] _counts = [];

    /// <summary>Each rollup's total.</summary>
    public Dictionary<string, long> Totals => RollupCatalog.BuiltIn
        .Select((rollup, index) => (rollup.Name, Sum: _windows.Values.Sum(counts => counts[index].Sum())))
        .ToDictionary(total => total.Name, total => total.Sum);

    /// <summary>Counts an event.</summary>
    /// <param name="ids">What a decoder of the rollups' dimensions, in their order, gave.</param>
    /// <param name="time">The event's time in Unix milliseconds.</param>
    public void Count(int[] ids, long time)
    {
        var window = time / 300_000;
        if (window != _window)
        {
            if (!_windows.TryGetValue(window, out var counts))
                _windows.Add(window, counts = [new long[Values * Values], new long[Values * Values], new long[Values * Values]]);
            (_window, _counts) = (window, counts);
        }

        for (var rollup = 0; rollup < 3; rollup++)
            _counts[rollup][(ids[2 * rollup] * Values) + ids[(2 * rollup) + 1]]++;
    }
}
