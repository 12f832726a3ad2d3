using System.Collections.Immutable;
using Pulse.Events;

namespace Pulse.Actors.Live;

/// <summary>The balance of each rollup as of the last cut that this node has seen, for pages and the API. Thread-safe.</summary>
/// <param name="catalog">The rollups; the ledger of dead letters is added to them.</param>
public sealed class Balances(RollupCatalog catalog)
{
    private ImmutableDictionary<string, RollupBalance> _seen = ImmutableDictionary.Create<string, RollupBalance>(StringComparer.Ordinal);

    /// <summary>All rollups, in the order of the catalog; null where no cut was seen yet.</summary>
    public IReadOnlyList<(string Rollup, RollupBalance? AtCut)> All
    {
        get
        {
            var seen = Volatile.Read(ref _seen);
            return [.. catalog.Counted.Select(rollup => (rollup.Name, seen.GetValueOrDefault(rollup.Name)))];
        }
    }

    /// <summary>Takes what was seen at a cut.</summary>
    /// <returns>Whether it is uneven, and was not when it was seen last.</returns>
    internal bool Saw(RollupBalance balance)
    {
        var before = Volatile.Read(ref _seen).GetValueOrDefault(balance.Rollup);
        ImmutableInterlocked.Update(ref _seen, seen => seen.SetItem(balance.Rollup, balance));
        return balance.Problem is not null && before?.Problem is null;
    }
}
