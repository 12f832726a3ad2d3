namespace Pulse.Actors.Live;

/// <summary>A question would read more of storage than one question may.</summary>
/// <param name="maximumRows">How many rows it may read.</param>
public sealed class QueryTooLargeException(int maximumRows)
    : Exception($"This would read more than {maximumRows:N0} stored rows; narrow the time range.");
