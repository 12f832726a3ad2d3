namespace Pulse.Counting;

/// <summary>What a bucket did with a delta.</summary>
public enum DeltaOutcome
{
    /// <summary>It was the next one: counts and position moved together.</summary>
    Applied,

    /// <summary>The bucket holds all of it already: nothing changed.</summary>
    Duplicate,

    /// <summary>It does not start at the bucket's position: nothing changed, and the sender must start over.</summary>
    Rejected,
}
