using Pulse.Counting;

namespace Pulse.Actors.Live;

/// <summary>The sum over the keys of a window.</summary>
/// <param name="Window">The window.</param>
/// <param name="Count">The number of events.</param>
public readonly record struct WindowTotal(Window Window, long Count);
