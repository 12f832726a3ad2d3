namespace Pulse.Actors.Ingest;

/// <summary>What it is time for in an ingestor.</summary>
[Flags]
internal enum Due
{
    /// <summary>Nothing.</summary>
    Nothing = 0,

    /// <summary>To send what was counted.</summary>
    Flush = 1,

    /// <summary>To tell every bucket where the session stands.</summary>
    Tick = 2,

    /// <summary>To tell the group how far all is stored.</summary>
    Report = 4,

    /// <summary>To read no more, and to end when all buckets have what was read.</summary>
    Drain = 8,
}
