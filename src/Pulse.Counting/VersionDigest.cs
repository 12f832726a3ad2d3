using System.Globalization;

namespace Pulse.Counting;

/// <summary>
/// Names one version of a rollup by the content of its declaration. Deltas carry it: those that were counted by another
/// declaration mean something else, and are refused.
/// </summary>
/// <param name="Value">128 bits of a digest of the declaration.</param>
public readonly record struct VersionDigest(UInt128 Value)
{
    /// <summary>As 32 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
