using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Pulse.Actors.Tests.Storage;

/// <summary>Awaits conditions, with a limit.</summary>
internal static class Until
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task TrueAsync(
        Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string text = "")
    {
        var waited = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(waited.Elapsed < Limit, $"Not within {Limit.TotalSeconds} s: {text}");
            await Task.Delay(10);
        }
    }
}
