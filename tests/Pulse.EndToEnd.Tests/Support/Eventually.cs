using System.Diagnostics;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>Waits for what other processes do.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>Looks again and again until the condition holds.</summary>
    /// <param name="what">What is waited for, for the message when it does not come.</param>
    /// <param name="limit">How long.</param>
    /// <param name="condition">Whether it is there.</param>
    public static async Task HoldsAsync(string what, TimeSpan limit, Func<Task<bool>> condition)
    {
        var waited = Stopwatch.StartNew();
        while (!await condition())
        {
            if (waited.Elapsed > limit)
                Assert.Fail($"Not within {limit.TotalSeconds:N0} s: {what}.");
            await Task.Delay(Poll);
        }
    }
}
