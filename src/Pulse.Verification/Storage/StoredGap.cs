using Pulse.Verification.Log;

namespace Pulse.Verification.Storage;

/// <summary>
/// Offsets of a bucket that are not what the log has there: it never counted them, since the log no longer had them; or it counted
/// them from a log that was cut, and once more from the log that is there now.
/// </summary>
/// <param name="Stream">The stream.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Offsets">The offsets.</param>
/// <param name="IsCut">Whether they were counted from a log that was cut.</param>
internal sealed record StoredGap(string Stream, int Partition, OffsetRange Offsets, bool IsCut);
