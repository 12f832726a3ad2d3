namespace Pulse.Verification.Declarations;

/// <summary>A column of a rollup's table.</summary>
/// <param name="Column">Its name.</param>
/// <param name="Derivation">How its value is made.</param>
/// <param name="Field">Of which field; of none for a verdict.</param>
internal sealed record DeclaredDimension(string Column, Derivation Derivation, EventField Field);
