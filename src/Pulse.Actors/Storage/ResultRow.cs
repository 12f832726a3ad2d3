using Pulse.Actors.Rollups;

namespace Pulse.Actors.Storage;

/// <summary>One row of a rollup's result table: the absolute count of one key in one window.</summary>
/// <param name="Key">The dimension values, in the order of the rollup's dimensions.</param>
/// <param name="Window">The window.</param>
/// <param name="Count">How many events fell into it so far; at least one.</param>
public readonly record struct ResultRow(RollupKey Key, Window Window, long Count);
