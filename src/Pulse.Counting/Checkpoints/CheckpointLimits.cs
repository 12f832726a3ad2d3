namespace Pulse.Counting;

/// <summary>How much a bucket may hold that is not stored.</summary>
/// <param name="EarlyCheckpointCells">With so many changed cells it asks for a checkpoint early.</param>
/// <param name="MaximumUnstoredCells">
/// With so many unstored cells, those on their way included, it neither applies nor answers: a refusal would make
/// sessions read the same records again and again, and silence makes them wait.
/// </param>
public sealed record CheckpointLimits(int EarlyCheckpointCells, int MaximumUnstoredCells)
{
    /// <summary>The limits of every bucket outside of tests.</summary>
    public static CheckpointLimits Default { get; } = new(20_000, 100_000);
}
