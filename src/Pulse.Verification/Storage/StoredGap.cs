using Pulse.Verification.Log;

namespace Pulse.Verification.Storage;

/// <summary>Offsets that a bucket says it never counted, since the log no longer had them.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Offsets">The offsets.</param>
internal sealed record StoredGap(string Stream, int Partition, OffsetRange Offsets);
