namespace Pulse.Actors.Broker;

/// <summary>How a connection to a broker fails. The later of two tells more of the cause.</summary>
public enum ConnectionFailureKind
{
    /// <summary>Nobody answers at an address that is configured.</summary>
    Away,

    /// <summary>Somebody takes the connection and closes it without a word, as a port does that speaks another protocol.</summary>
    Closed,

    /// <summary>A broker was found, and gives an address for itself at which it can't be reached.</summary>
    Advertised,

    /// <summary>The two sides can't agree: protocol, certificate, mechanism, user or password.</summary>
    Refused,
}
