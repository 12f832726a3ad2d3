
namespace Pulse.Counting;

/// <summary>A number of events of one key in one window.</summary>
/// <param name="Key">The key.</param>
/// <param name="Window">The window.</param>
/// <param name="Count">How many events; an increment in a <see cref="Delta"/>, an absolute count elsewhere.</param>
public readonly record struct KeyCount(RollupKey Key, Window Window, long Count);
