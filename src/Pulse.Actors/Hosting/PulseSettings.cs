using System.Collections.Immutable;
using Pulse.Actors.Broker;
using Pulse.Actors.Coordination;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Hosting;

/// <summary>Everything that a node must know, checked already.</summary>
/// <param name="Kafka">The stream.</param>
/// <param name="Storage">Results and checkpoints.</param>
/// <param name="Catalog">The rollups.</param>
public sealed record PulseSettings(KafkaSettings Kafka, StorageOptions Storage, RollupCatalog Catalog)
{
    /// <summary>The rules by which records are counted.</summary>
    public CountingRules Rules { get; init; } = CountingRules.Default;

    /// <summary>What is counted: every rollup, the dead letters last, as it is declared.</summary>
    internal IReadOnlyList<CountedVersion> Versions =>
        [.. Catalog.Counted.Select(rollup => new VersionDeclaration(rollup, Rules).Counted)];

    /// <summary>The longest time between two checkpoints of a bucket.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long increments may wait in an ingestor before they are sent as deltas.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The node's place in the cluster.</summary>
    public ClusterSettings Cluster { get; init; } = new();

    /// <summary>How much of the counts the node keeps in memory for its dashboards.</summary>
    public LiveOptions Live { get; init; } = new();

    /// <summary>How patiently the coordinator works.</summary>
    public ExportOptions Export { get; init; } = new();
}

/// <summary>The node's place in the cluster.</summary>
public sealed record ClusterSettings
{
    /// <summary>The address that other nodes reach this one at.</summary>
    public string Hostname { get; init; } = "127.0.0.1";

    /// <summary>The IP address to listen on; null: the host name's.</summary>
    public string? Bind { get; init; }

    /// <summary>The remoting port; 0 for any free one, which only a cluster of one can use.</summary>
    public int Port { get; init; }

    /// <summary>
    /// The first nodes to ask for the cluster, in the same order on every node, as
    /// <c>akka.tcp://pulse@host:port</c> with the <see cref="Scheme"/>; empty for a cluster of one.
    /// </summary>
    public ImmutableArray<string> SeedNodes { get; init; } = [];

    /// <summary>
    /// How long the first seed node looks for the others before it founds a cluster. Long, so that a restarted one that
    /// hears nobody for a moment does not found a second.
    /// </summary>
    public TimeSpan SeedNodeTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The number of shards; the same on every node, for the life of the cluster.</summary>
    public int Shards { get; init; } = 64;

    /// <summary>What the node does: names of <see cref="NodeRole"/>.</summary>
    public ImmutableArray<string> Roles { get; init; } = NodeRole.All;

    /// <summary>How nodes prove to each other that they belong together; null: whoever reaches the port may join.</summary>
    public ClusterTls? Tls { get; init; }

    /// <summary>Remoting's scheme, which is part of every node's address: TLS has one of its own.</summary>
    public string Scheme => Tls is null ? "akka.tcp" : "akka.ssl.tcp";

    internal bool Has(string role) => Roles.Contains(role, StringComparer.Ordinal);
}
