namespace Pulse.Counting;

/// <summary>A cell as pages show it: what is stored, and what came since.</summary>
/// <param name="Key">The key.</param>
/// <param name="Window">The window.</param>
/// <param name="Count">The absolute count. Within one generation of its bucket it never falls.</param>
public readonly record struct ShownCount(RollupKey Key, Window Window, long Count);
