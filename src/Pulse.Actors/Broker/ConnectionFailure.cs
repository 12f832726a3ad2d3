namespace Pulse.Actors.Broker;

/// <summary>Why a broker can't be reached, for people.</summary>
/// <param name="Kind">How it fails.</param>
/// <param name="Address">The broker's address.</param>
/// <param name="Reason">The client's own words.</param>
/// <param name="Advice">The settings that it comes from, and what to do, in whole sentences.</param>
public sealed record ConnectionFailure(ConnectionFailureKind Kind, string Address, string Reason, string Advice)
{
    /// <summary>All of it in one line.</summary>
    public override string ToString() => $"Kafka at {Address} can't be used ({Reason}). {Advice}";
}
