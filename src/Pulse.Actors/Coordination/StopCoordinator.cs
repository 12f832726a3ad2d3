namespace Pulse.Actors.Coordination;

/// <summary>
/// Stops the coordinator after what it has running has let go, so that the next one does not meet it. Use it as the
/// cluster singleton's termination message.
/// </summary>
public sealed record StopCoordinator
{
    /// <summary>The one instance.</summary>
    public static StopCoordinator Instance { get; } = new();
}
