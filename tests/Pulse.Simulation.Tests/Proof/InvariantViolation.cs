namespace Pulse.Simulation.Tests.Proof;

/// <summary>Something that must hold, does not.</summary>
internal sealed class InvariantViolation(string invariant, string detail) : Exception($"{invariant}: {detail}")
{
    public string Invariant { get; } = invariant;
}
