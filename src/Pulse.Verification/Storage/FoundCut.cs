using Pulse.Verification.Log;

namespace Pulse.Verification.Storage;

/// <summary>A log that was found cut, about which nobody has decided yet: the partition stands still.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Partition">The partition.</param>
/// <param name="From">The first offset at which the log is another one.</param>
internal sealed record FoundCut(string Stream, int Partition, long From)
{
    /// <summary>What a bucket counted of the log that was cut.</summary>
    public StoredGap GapOf(StoredPositions positions) => new(
        Stream, Partition, new OffsetRange(From, positions.Of(Stream, Partition)), IsCut: true);
}
