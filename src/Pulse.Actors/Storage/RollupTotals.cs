namespace Pulse.Actors.Storage;

/// <summary>Sums over all keys and windows of a rollup, as stored.</summary>
/// <param name="Counted">The sum of all counts in the rollup's table.</param>
/// <param name="Late">The number of events that came after their window was sealed.</param>
public readonly record struct RollupTotals(long Counted, long Late);
