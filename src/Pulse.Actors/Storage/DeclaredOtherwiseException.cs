namespace Pulse.Actors.Storage;

/// <summary>A rollup was counted under another declaration than the one that is configured: a setting has to change.</summary>
/// <param name="message">What differs, where, and what to do about it.</param>
public sealed class DeclaredOtherwiseException(string message) : StorageException(message);
