using System.Globalization;

namespace Pulse.Verification.Log;

/// <summary>Offsets of one partition that follow on each other.</summary>
/// <param name="From">The first.</param>
/// <param name="To">The one after the last.</param>
public readonly record struct OffsetRange(long From, long To)
{
    /// <summary>How many there are.</summary>
    public long Count => Math.Max(0, To - From);

    /// <summary>As <c>7</c> or <c>0-1499</c>, both ends included.</summary>
    public override string ToString() => Count == 1
        ? From.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{From}-{To - 1}");
}
