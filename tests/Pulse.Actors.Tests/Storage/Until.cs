using System.Runtime.CompilerServices;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

/// <summary>Awaits conditions, with a limit.</summary>
internal static class Until
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    public static Task TrueAsync(
        Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string text = "") =>
        Eventually.HoldsAsync(text, Limit, () => Task.FromResult(condition()));
}
