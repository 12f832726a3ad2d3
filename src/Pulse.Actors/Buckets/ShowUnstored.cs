using Akka.Actor;

namespace Pulse.Actors.Buckets;

/// <summary>Asks a bucket of this node to tell the live feed again what storage may not hold yet.</summary>
internal sealed record ShowUnstored : INoSerializationVerificationNeeded
{
    public static ShowUnstored Instance { get; } = new();
}
