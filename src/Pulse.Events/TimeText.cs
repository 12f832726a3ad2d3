namespace Pulse.Events;

/// <summary>What a text is that should be a time.</summary>
public enum TimeText
{
    /// <summary>An instant.</summary>
    Instant,

    /// <summary>A second that was inserted at the end of a day of UTC. Counting in windows of whole minutes knows none.</summary>
    LeapSecond,

    /// <summary>Something else.</summary>
    Invalid,
}
