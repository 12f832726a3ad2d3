namespace Pulse.Counting;

/// <summary>
/// Names one reading of a partition by one session: what answers an older reading, or another session, is recognized
/// by it.
/// </summary>
/// <param name="Incarnation">A random number of the session, so that no two sessions have the same.</param>
/// <param name="Attempt">Counts how often the session has started over, from 1.</param>
public readonly record struct SessionId(long Incarnation, int Attempt)
{
    /// <summary>For logs: <c>5c1f…#2</c>.</summary>
    public override string ToString() => $"{Incarnation:x}#{Attempt}";
}
