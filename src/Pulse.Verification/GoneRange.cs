using Pulse.Verification.Log;

namespace Pulse.Verification;

/// <summary>Offsets that a rollup may have counted and that can't be read any more.</summary>
/// <param name="Stream">The stream to which they belong.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Offsets">Which; the first of them where they are very many.</param>
/// <param name="Total">How many.</param>
public sealed record GoneRange(string Stream, int Partition, IReadOnlyList<OffsetRange> Offsets, long Total);
