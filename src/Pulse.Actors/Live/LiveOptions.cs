namespace Pulse.Actors.Live;

/// <summary>How much of the counts a node keeps in memory for its dashboards, and how often it hears of changes.</summary>
public sealed record LiveOptions
{
    /// <summary>How often a node tells what changed.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How many windows of each rollup are kept, the newest ones; older ones are read from storage.</summary>
    public int Windows { get; init; } = 576;

    /// <summary>How many keys of a window are kept, the largest ones; the others are known as a sum.</summary>
    public int KeysPerWindow { get; init; } = 1_000;

    /// <summary>How many counts of a rollup are kept at most; older windows leave memory first.</summary>
    public int Counts { get; init; } = 500_000;
}
