using System.Diagnostics;

namespace Pulse.Testing;

/// <summary>Waits for what others do: processes, pages.</summary>
public static class Eventually
{
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromMilliseconds(400);

    /// <summary>Looks again and again until the condition holds.</summary>
    /// <param name="what">What is waited for, for the message when it does not come.</param>
    /// <param name="limit">How long.</param>
    /// <param name="condition">Whether it is there.</param>
    /// <param name="interval">How long from one look to the next; null for a twentieth of the time waited, within bounds.</param>
    /// <exception cref="TimeoutException">It did not come.</exception>
    public static async Task HoldsAsync(string what, TimeSpan limit, Func<Task<bool>> condition, TimeSpan? interval = null)
    {
        if (!await ComesAsync(limit, condition, interval))
            throw new TimeoutException($"Not within {limit.TotalSeconds:N0} s: {what}.");
    }

    /// <summary>The same, for what may not come.</summary>
    /// <returns>Whether it came.</returns>
    public static async Task<bool> ComesAsync(TimeSpan limit, Func<Task<bool>> condition, TimeSpan? interval = null)
    {
        // The last look comes after the limit: whoever looks may have been held up too.
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(interval ?? After(waited.Elapsed)))
        {
            var isLast = waited.Elapsed > limit;
            if (await condition())
                return true;
            if (isLast)
                return false;
        }
    }

    // What comes at once is seen at once, and what takes long is not asked a hundred times a second by tests beside each other.
    private static TimeSpan After(TimeSpan waited) => TimeSpan.FromTicks(
        Math.Clamp(waited.Ticks / 20, ShortestInterval.Ticks, LongestInterval.Ticks));
}
