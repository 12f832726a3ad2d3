namespace Pulse.Actors.Ingest;

/// <summary>How far this node has come in one of its partitions.</summary>
/// <param name="partition">The partition's number.</param>
public sealed class PartitionStatus(int partition)
{
    private long _position;
    private long _committed;
    private long _end;
    private string? _standing;

    /// <summary>The partition's number.</summary>
    public int Partition => partition;

    /// <summary>The next offset not yet handled.</summary>
    public long Position
    {
        get => Interlocked.Read(ref _position);
        internal set => Interlocked.Exchange(ref _position, value);
    }

    /// <summary>
    /// The offset below which every bucket has stored everything; the consumer group is told it after the fact.
    /// </summary>
    public long Committed
    {
        get => Interlocked.Read(ref _committed);
        internal set => Interlocked.Exchange(ref _committed, value);
    }

    /// <summary>The end of the partition, as the broker last said.</summary>
    public long End
    {
        get => Interlocked.Read(ref _end);
        internal set => Interlocked.Exchange(ref _end, value);
    }

    /// <summary>Why it is not read although this node has it, and what to do; null while it is.</summary>
    public string? Standing
    {
        get => Volatile.Read(ref _standing);
        internal set => Volatile.Write(ref _standing, value);
    }

    /// <summary>Records between the position and the end.</summary>
    public long Lag => Math.Max(0, End - Position);
}
