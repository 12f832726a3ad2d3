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
    /// <summary>With changes of so many bytes it asks for a checkpoint early: keys may be long.</summary>
    public long EarlyCheckpointBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// With so much that is not stored it is silent as well, in bytes. A cell counts with twice its values, which are UTF-16 in memory, and with
    /// <see cref="BytesPerCell"/>; a gap with that alone.
    /// </summary>
    public long MaximumUnstoredBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>What a cell takes beside the letters of its values, about: its objects, and its places in tables and in the statement.</summary>
    public const int BytesPerCell = 256;

    /// <summary>The limits of every bucket outside of tests.</summary>
    public static CheckpointLimits Default { get; } = new(20_000, 100_000);
}
