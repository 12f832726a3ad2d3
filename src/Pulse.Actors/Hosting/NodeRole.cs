using System.Collections.Immutable;

namespace Pulse.Actors.Hosting;

/// <summary>What a node does in its cluster. Without a role it still shows all counts, and helps to decide who is there.</summary>
public static class NodeRole
{
    /// <summary>Reads partitions of the stream.</summary>
    public const string Ingest = "ingest";

    /// <summary>
    /// Holds buckets, and may run the coordinator: exports read what buckets store, and nodes that come and go with the
    /// stream's load would take the coordinator along.
    /// </summary>
    public const string Bucket = "bucket";

    /// <summary>Every role that there is.</summary>
    public static ImmutableArray<string> All { get; } = [Ingest, Bucket];
}
