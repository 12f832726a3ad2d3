namespace Pulse.Actors.Ingest;

/// <summary>Asks an ingestor, or all of a node's, to make everything handled so far durable and commit it.</summary>
public sealed record CommitNow
{
    /// <summary>The only one that is needed.</summary>
    public static CommitNow Instance { get; } = new();
}

/// <summary>Asks a node's ingest side to commit what it has, leave the group and stop; answered when done.</summary>
public sealed record DrainIngest
{
    /// <summary>The only one that is needed.</summary>
    public static DrainIngest Instance { get; } = new();
}

/// <summary>Says that a node's ingest side has left the group.</summary>
public sealed record IngestDrained
{
    /// <summary>The only one that is needed.</summary>
    public static IngestDrained Instance { get; } = new();
}

/// <summary>Published on the node's event stream: the stream can't be read as it is, and a person must act.</summary>
/// <param name="Message">What is wrong, where, and what to do.</param>
public sealed record IngestRefused(string Message);
