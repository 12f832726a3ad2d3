using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Pulse.Counting;

/// <summary>Invariants that are checked in every build, outside of hot loops.</summary>
internal static class Require
{
    /// <summary>Says that something always holds here.</summary>
    /// <param name="holds">What must hold.</param>
    /// <param name="invariant">The sentence that would be untrue otherwise.</param>
    /// <param name="expression">The condition as written.</param>
    /// <exception cref="InvalidOperationException">It does not hold: there is a mistake in Pulse.</exception>
    public static void That(
        [DoesNotReturnIf(false)] bool holds, string invariant,
        [CallerArgumentExpression(nameof(holds))] string expression = "")
    {
        if (!holds)
            throw new InvalidOperationException($"{invariant} This does not hold: {expression}");
    }
}
