namespace Pulse.Testing.Fuzzing;

/// <summary>An input fails; the message has all that it takes to repeat it.</summary>
public sealed class FuzzException(string message, Exception failure) : Exception(message, failure);
