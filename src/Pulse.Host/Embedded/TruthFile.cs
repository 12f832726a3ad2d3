namespace Pulse.Host.Embedded;

/// <summary>Where the embedded simulator writes the exact counts.</summary>
/// <param name="Path">The file, or null: nowhere.</param>
internal sealed record TruthFile(string? Path);
