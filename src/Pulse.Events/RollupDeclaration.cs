namespace Pulse.Events;

/// <summary>A rollup as a user writes it in configuration, not yet checked.</summary>
public sealed class RollupDeclaration
{
    /// <summary>The rollup's name; becomes part of a table's name.</summary>
    public string Name { get; set; } = "";

    /// <summary>Names of dimensions, such as <c>device_type</c>.</summary>
    public IList<string> Dimensions { get; init; } = [];

    /// <summary>The number of hashed buckets, 1 to 4096; null for a bucket per key.</summary>
    public int? Buckets { get; set; }

    /// <summary>
    /// How many keys a window of a hashed rollup can have before further ones are counted together as
    /// <c>(other #n)</c>; null for 1,000,000.
    /// </summary>
    public int? MaximumKeys { get; set; }
}
