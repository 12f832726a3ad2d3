namespace Pulse.Counting;

/// <summary>What a session of a partition is about.</summary>
public enum SessionPhase
{
    /// <summary>It asks all buckets for their positions, to read on from the least one.</summary>
    StartingOver,

    /// <summary>It reads and counts.</summary>
    Reading,

    /// <summary>It reads no more, and waits until all buckets stand at its position.</summary>
    Draining,

    /// <summary>It has ended.</summary>
    Over,
}
