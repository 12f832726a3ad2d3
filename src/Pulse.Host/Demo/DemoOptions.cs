using Pulse.Actors.Broker;
using Pulse.Host.Embedded;

namespace Pulse.Host.Demo;

/// <summary>What a demonstration shows.</summary>
internal sealed record DemoOptions
{
    /// <summary>The most node processes.</summary>
    public const int MaximumNodes = 9;

    /// <summary>So many are there at least where one is killed.</summary>
    public const int NodesToKillOne = 3;

    /// <summary>Node processes at the end; the last one joins while events flow.</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>How many events are counted.</summary>
    public long Events { get; init; } = 150_000;

    /// <summary>Events per second.</summary>
    public double Rate { get; init; } = 2_500;

    /// <summary>The simulator's seed; also decides which node is killed.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Whether a node is killed and started again.</summary>
    public bool Kill { get; init; }

    /// <summary>Where logs and the warehouse go; absolute.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>A PostgreSQL database to use; null: a private server if one is installed, else SQLite.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>
    /// A stream with <see cref="EmbeddedStream.Partitions"/> partitions on a broker that runs already; null: an embedded one.
    /// </summary>
    public KafkaSettings? Stream { get; init; }
}
