namespace Pulse.Simulation.Tests.World;

/// <summary>What may go wrong in a world, beside delay and reordering across pairs, which always happen.</summary>
[Flags]
internal enum Faults
{
    None = 0,

    /// <summary>The network drops messages.</summary>
    LostMessages = 1 << 0,

    /// <summary>The network delivers messages again, at once or much later.</summary>
    RepeatedMessages = 1 << 1,

    /// <summary>A bucket's incarnation loses its memory.</summary>
    BucketCrashes = 1 << 2,

    /// <summary>A process with all its ingestors dies.</summary>
    IngestorCrashes = 1 << 3,

    /// <summary>Partitions move, and the old ingestor may go on as a zombie.</summary>
    Rebalances = 1 << 4,

    /// <summary>Journal writes fail, or succeed with the answer lost.</summary>
    JournalFaults = 1 << 5,

    /// <summary>Several incarnations of one bucket live at once.</summary>
    DoubleIncarnations = 1 << 6,

    /// <summary>Writes of result tables fail, or succeed with the answer lost and land again later.</summary>
    TableFaults = 1 << 7,

    /// <summary>Commits are refused or unanswered, and the committed offset that is read back is an older one.</summary>
    BrokerFaults = 1 << 8,

    /// <summary>Events come late.</summary>
    LateEvents = 1 << 9,

    /// <summary>Some offsets hold no record.</summary>
    OffsetGaps = 1 << 10,

    /// <summary>Some records are bad: counted in the bucket of dead letters.</summary>
    BadRecords = 1 << 11,

    /// <summary>The topic is deleted and made again under its name.</summary>
    TopicMadeAgain = 1 << 12,

    /// <summary>The stream is declared complete in the middle of it.</summary>
    Completion = 1 << 13,

    /// <summary>Buckets are handed over: checkpoint, then stop.</summary>
    HandOffs = 1 << 14,

}
