using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Pulse.Actors.Tests.Storage;

/// <summary>Awaits conditions, with a limit.</summary>
internal static class Until
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    public static async Task TrueAsync(
        Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string text = "")
    {
        // The last look comes after the limit: whoever looks may have been held up too.
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(10))
        {
            var isLast = waited.Elapsed > Limit;
            if (condition())
                return;
            Assert.False(isLast, $"Not within {Limit.TotalSeconds} s: {text}");
        }
    }
}
