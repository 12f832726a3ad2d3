using Pulse.Counting;

namespace Pulse.Actors.Storage.Rebuild;

/// <summary>A rollup that is counted again from the start of the log.</summary>
/// <param name="Rollup">The rollup as it is declared from then on.</param>
/// <param name="Version">The number of the version that was counted before.</param>
/// <param name="Changes">Each part of the declaration that is another from then on; empty where it stays.</param>
public sealed record RebuiltRollup(Rollup Rollup, int Version, IReadOnlyList<string> Changes);
