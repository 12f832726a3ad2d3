
namespace Pulse.Counting;

/// <summary>A number of events of one key in one window.</summary>
/// <param name="Key">The key.</param>
/// <param name="Window">The window.</param>
/// <param name="Count">How many events; an increment in a <see cref="Delta"/>, an absolute count elsewhere.</param>
public readonly record struct KeyCount(RollupKey Key, Window Window, long Count)
{
    /// <summary>About how many bytes a number, the window's end and the count take in a message.</summary>
    internal const int NumberBytes = 14;
}
