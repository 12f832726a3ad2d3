namespace Pulse.Verification.Storage;

/// <summary>What became of records, in one bucket.</summary>
internal struct StoredCounters
{
    /// <summary>Records in a window of this bucket.</summary>
    public long Counted;

    /// <summary>Records that came too late.</summary>
    public long Late;

    /// <summary>Records that are no events.</summary>
    public long Dead;

    /// <summary>Records that the rollup does not count, though they are well.</summary>
    public long Filtered;

    /// <summary>All records of the partitions that are booked in this bucket.</summary>
    public long Consumed;

    /// <summary>By name, in the order of the table's columns.</summary>
    public readonly (string Name, long Value)[] All =>
        [("counted", Counted), ("late", Late), ("dead", Dead), ("filtered", Filtered), ("consumed", Consumed)];
}
