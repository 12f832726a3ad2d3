namespace Pulse.Counting;

/// <summary>A cell as pages show it: what is stored, and what came since.</summary>
/// <param name="Key">The key.</param>
/// <param name="Window">The window.</param>
/// <param name="Count">The absolute count.</param>
/// <param name="Version">Of two values of a cell, the one with the larger version is the newer one.</param>
public readonly record struct ShownCount(RollupKey Key, Window Window, long Count, ShownVersion Version);
