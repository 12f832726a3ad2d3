namespace Pulse.Events;

/// <summary>A rollup as a user writes it in configuration, not yet checked.</summary>
public sealed class RollupDeclaration
{
    /// <summary>The rollup's name; becomes part of a table's name.</summary>
    public string Name { get; set; } = "";

    /// <summary>Names of dimensions, such as <c>device_type</c>.</summary>
    public IList<string> Dimensions { get; init; } = [];

    /// <summary>The number of buckets over which the keys are hashed, 1 to 4096; null for 16.</summary>
    public int? Buckets { get; set; }

    /// <summary>
    /// How many keys a window is expected to have at most; null for 1,000,000. With more, a line in the log says so.
    /// </summary>
    public int? MaximumKeys { get; set; }
}
