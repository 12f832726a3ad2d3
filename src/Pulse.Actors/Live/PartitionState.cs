namespace Pulse.Actors.Live;

/// <summary>What is known of a partition of the topic; null is unknown, never nothing.</summary>
/// <param name="Partition">Its number.</param>
public sealed record PartitionState(int Partition)
{
    /// <summary>Whether a broker leads it: without one it can't be read.</summary>
    public bool? HasLeader { get; init; }

    /// <summary>The first offset that its log still has.</summary>
    public long? Begin { get; init; }

    /// <summary>The offset that its next record will have.</summary>
    public long? End { get; init; }

    /// <summary>The offset below which every bucket has stored everything.</summary>
    public long? Stored { get; init; }

    /// <summary>Records that are there and are not stored yet.</summary>
    public long? Lag { get; init; }

    /// <summary>The unique address of the node that reads it; null while none does.</summary>
    public string? Reader { get; init; }

    /// <summary>Host and port of that node.</summary>
    public string? ReaderAddress { get; init; }

    /// <summary>The next offset that its reader has not handled yet; null while none reads it.</summary>
    public long? Position { get; init; }

    /// <summary>Why it stands still; null while it goes on.</summary>
    public Standing? Standing { get; init; }

    /// <summary>When a node was last seen to read it.</summary>
    internal DateTime ReadUtc { get; init; }

    /// <summary>When it last had nothing left to store, or something of it was read or stored.</summary>
    internal DateTime MovedUtc { get; init; }
}
