using Pulse.Actors.Buckets;
using Pulse.Counting;

namespace Pulse.Actors.Live;

/// <summary>The answer to a <see cref="RollupQuery"/>, as of one moment. Shared; don't change it.</summary>
/// <param name="Rollup">The rollup.</param>
/// <param name="Keys">The sum per key over the wanted windows, largest first.</param>
/// <param name="Windows">The sum per window over the wanted keys, oldest first.</param>
/// <param name="Cells">The counts per key and window, if they were asked for.</param>
/// <param name="Total">The sum over everything that was wanted.</param>
/// <param name="Other">The part of the total that belongs to keys that are not held one by one.</param>
/// <param name="IsExactPerKey">
/// False where windows have more keys than memory holds: the total is exact, a key's sum may miss what is in
/// <paramref name="Other"/>; with filtered keys the total may, too.
/// </param>
/// <param name="Version">Grows with every change of the rollup.</param>
public sealed record RollupAnswer(
    Rollup Rollup,
    IReadOnlyList<KeyTotal> Keys,
    IReadOnlyList<WindowTotal> Windows,
    IReadOnlyList<KeyCount> Cells,
    long Total,
    long Other,
    bool IsExactPerKey,
    long Version);
