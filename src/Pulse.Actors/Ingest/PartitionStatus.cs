namespace Pulse.Actors.Ingest;

/// <summary>How far this node has come in one of its partitions.</summary>
/// <param name="partition">The partition's number.</param>
public sealed class PartitionStatus(int partition)
{
    private const long Unknown = -1;

    private long _position = Unknown;
    private long _committed = Unknown;
    private volatile string? _standing;
    private volatile bool _waits;
    private volatile bool _isCut;

    /// <summary>The partition's number.</summary>
    public int Partition => partition;

    /// <summary>The next offset not yet handled; null before the first session has a place, and while the partition stands still.</summary>
    public long? Position
    {
        get => Known(ref _position);
        internal set => Interlocked.Exchange(ref _position, value ?? Unknown);
    }

    /// <summary>
    /// The offset below which every bucket has stored everything; the consumer group is told it after the fact. Null as for <see cref="Position"/>.
    /// </summary>
    public long? Committed
    {
        get => Known(ref _committed);
        internal set => Interlocked.Exchange(ref _committed, value ?? Unknown);
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

    /// <summary>Whether the session has asked for records, and none came since.</summary>
    internal bool Waits
    {
        get => _waits;
        set => _waits = value;
    }

    /// <summary>Whether it stands still, or did until now, since its log was cut: the client that read it knows leader epochs of the former one.</summary>
    internal bool IsCut
    {
        get => _isCut;
        set => _isCut = value;
    }

    private static long? Known(ref long value) => Interlocked.Read(ref value) is not Unknown and var known ? known : null;
}
