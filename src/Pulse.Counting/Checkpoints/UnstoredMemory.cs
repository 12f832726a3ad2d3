namespace Pulse.Counting;

/// <summary>
/// What all buckets of a node hold together that is not stored: each of them is small enough alone, and hundreds of them would not be.
/// Those that stand apart do not count: what they hold may never be stored, and the others go on. Used by many threads.
/// </summary>
/// <param name="maximumBytes">With so much, no bucket takes more. One message can bring it over.</param>
public sealed class UnstoredMemory(long maximumBytes)
{
    private long _bytes;

    /// <summary>With so much, no bucket takes more; in bytes.</summary>
    public long MaximumBytes { get; } = maximumBytes;

    /// <summary>How much it is, in bytes, as <see cref="CheckpointLimits.MaximumUnstoredBytes"/> counts them.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Whether no bucket takes more.</summary>
    public bool IsFull => Bytes >= MaximumBytes;

    internal void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
