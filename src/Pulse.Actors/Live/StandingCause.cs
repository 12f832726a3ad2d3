namespace Pulse.Actors.Live;

/// <summary>What keeps a partition from going on, as far as it can be seen from outside.</summary>
public enum StandingCause
{
    /// <summary>Its reader says why: the log was cut, the broker refuses.</summary>
    Reader,

    /// <summary>The brokers do not say what the topic is, so nothing is known of any partition.</summary>
    BrokerSilent,

    /// <summary>No broker leads it now.</summary>
    NoLeader,

    /// <summary>No node reads it.</summary>
    NoReader,

    /// <summary>There are records, and for a while none was read or stored.</summary>
    NoProgress,
}
