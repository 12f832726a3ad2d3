using System.Globalization;

namespace Pulse.Actors.Coordination;

/// <summary>One UTC date of one rollup: what an export replaces in one go.</summary>
/// <param name="Rollup">The rollup's name.</param>
/// <param name="Date">The UTC date of the window ends.</param>
public readonly record struct RollupDate(string Rollup, DateOnly Date)
{
    /// <summary>For people: <c>viewsByDeviceGenre of 2026-01-01</c>.</summary>
    public override string ToString() =>
        $"{Rollup} of {Date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}";
}
