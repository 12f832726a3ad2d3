using System.Diagnostics;

namespace Pulse.Testing;

/// <summary>Waits for what others do: processes, pages.</summary>
public static class Eventually
{
    private static readonly TimeSpan ShortInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>Looks again and again until the condition holds.</summary>
    /// <param name="what">What is waited for, for the message when it does not come.</param>
    /// <param name="limit">How long.</param>
    /// <param name="condition">Whether it is there.</param>
    /// <param name="interval">How long from one look to the next, where a look costs much; else very short.</param>
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
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(interval ?? ShortInterval))
        {
            var isLast = waited.Elapsed > limit;
            if (await condition())
                return true;
            if (isLast)
                return false;
        }
    }
}
