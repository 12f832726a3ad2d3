namespace Pulse.Actors.Ingest;

/// <summary>What an ingestor and the source of its batches say to each other beside these.</summary>
internal enum BatchSignal
{
    /// <summary>The source is there.</summary>
    Begin,

    /// <summary>The ingestor wants the next batch.</summary>
    Next,

    /// <summary>The partition was taken back, or the consumer has stopped.</summary>
    End,
}
