namespace Pulse.Actors.Ingest;

/// <summary>How far this node has come in one of its partitions.</summary>
/// <param name="partition">The partition's number.</param>
public sealed class PartitionStatus(int partition)
{
    private long _position;
    private long _committed;
    private volatile string? _standing;

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

    /// <summary>
    /// Why the partition stands still, as its reader knows it, such as that its log was cut; null while it does not. For people: the
    /// other nodes show it too.
    /// </summary>
    public string? Standing
    {
        get => _standing;
        internal set => _standing = value;
    }
}
