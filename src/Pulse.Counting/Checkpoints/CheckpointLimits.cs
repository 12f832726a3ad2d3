namespace Pulse.Counting;

/// <summary>How much a bucket may hold that is not stored.</summary>
/// <param name="EarlyCheckpointCells">With so many changed cells it asks for a checkpoint early.</param>
/// <param name="MaximumUnstoredCells">
/// With so many unstored cells, those on their way included, it neither applies nor answers: a refusal would make
/// sessions read the same records again and again, and silence makes them wait.
/// </param>
/// <param name="OldStreams">
/// So many streams that ended when their topic was made again it remembers, to refuse those who still read them. Who reads
/// an older one is found out by the next checkpoint.
/// </param>
public sealed record CheckpointLimits(
    int EarlyCheckpointCells, int MaximumUnstoredCells, int OldStreams = BucketPositions.MaximumStreams)
{
    /// <summary>The limits of every bucket outside of tests.</summary>
    public static CheckpointLimits Default { get; } = new(20_000, 100_000);
}
