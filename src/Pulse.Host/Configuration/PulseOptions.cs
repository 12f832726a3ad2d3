using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Host.Configuration;

/// <summary>
/// The section <c>Pulse</c> as a user writes it in <c>appsettings.json</c> or the environment
/// (<c>Pulse__Kafka__BootstrapServers</c>), not yet checked. What is left out means: embedded.
/// </summary>
public sealed class PulseOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Pulse";

    /// <summary>The directory of everything embedded: SQLite file and Parquet warehouse.</summary>
    public string Data { get; set; } = "pulse-data";

    /// <summary>The stream.</summary>
    public KafkaOptions Kafka { get; set; } = new();

    /// <summary>Results and checkpoints.</summary>
    public DatabaseOptions Storage { get; set; } = new();

    /// <summary>Rollups beside the built-in three.</summary>
    public IList<RollupDeclaration> Rollups { get; init; } = [];

    /// <summary>The length of a window; divides a day.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long after the Kafka timestamp of its record an event may lie; further ahead it is a dead letter.</summary>
    public TimeSpan MaximumSkew { get; set; } = CountingRules.Default.MaximumSkew;

    /// <summary>How long after the end of its window an event's record may have been written and still be counted; null: ever so long.</summary>
    public TimeSpan? AllowedLateness { get; set; }

    /// <summary>The time between checkpoints; null: 5 minutes, or 5 seconds with the embedded broker.</summary>
    public TimeSpan? CheckpointInterval { get; set; }

    /// <summary>How long increments may wait before they are sent to their bucket.</summary>
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The node's place in the cluster.</summary>
    public ClusterOptions Cluster { get; set; } = new();

    /// <summary>Where exports go.</summary>
    public WarehouseOptions Warehouse { get; set; } = new();

    /// <summary>The counts in memory.</summary>
    public LiveFeedOptions Live { get; set; } = new();

    /// <summary>The dashboard and the API.</summary>
    public HttpOptions Http { get; set; } = new();
}

/// <summary>The section <c>Pulse:Kafka</c>.</summary>
public sealed class KafkaOptions
{
    /// <summary>The brokers, <c>host:port</c> separated by commas; null: the embedded broker.</summary>
    public string? BootstrapServers { get; set; }

    /// <summary>The topic of viewing events.</summary>
    public string Topic { get; set; } = "netflix-event";

    /// <summary>The topic of completion events.</summary>
    public string CompletionTopic { get; set; } = "completion-event";

    /// <summary>The topic for records that are no viewing events.</summary>
    public string DeadLetterTopic { get; set; } = "netflix-event-dlq";

    /// <summary>The consumer group that keeps the offsets of all nodes.</summary>
    public string GroupId { get; set; } = "pulse";

    /// <summary>The stream's identity; null: asked from the broker, which is right for every real one.</summary>
    public string? StreamIdentity { get; set; }

    /// <summary>Whether topics that are absent are made at start.</summary>
    public bool CreateTopics { get; set; } = true;

    /// <summary>Further librdkafka properties, such as <c>security.protocol</c>.</summary>
    public Dictionary<string, string> Client { get; init; } = [];
}

/// <summary>The section <c>Pulse:Storage</c>.</summary>
public sealed class DatabaseOptions
{
    /// <summary>Npgsql's connection string; null: SQLite in the data directory.</summary>
    public string? ConnectionString { get; set; }
}

/// <summary>The section <c>Pulse:Cluster</c>.</summary>
public sealed class ClusterOptions
{
    /// <summary>The address that other nodes reach this one at; <c>auto</c>: the machine's own name, such as a container's.</summary>
    public string Hostname { get; set; } = "127.0.0.1";

    /// <summary>The address to listen on, such as <c>0.0.0.0</c>; null: the host name's.</summary>
    public string? Bind { get; set; }

    /// <summary>The remoting port; 0: any free one.</summary>
    public int Port { get; set; }

    /// <summary>The nodes to ask for the cluster, <c>host:port</c>, in the same order everywhere.</summary>
    public IList<string> SeedNodes { get; init; } = [];

    /// <summary>How long the first seed node looks for the others before it founds a cluster.</summary>
    public TimeSpan SeedNodeTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The number of shards, the same on every node.</summary>
    public int Shards { get; set; } = 64;

    /// <summary>What the node does: <c>ingest</c>, <c>bucket</c>; none given: both.</summary>
    public IList<string> Roles { get; init; } = [];

    /// <summary>Mutual TLS between nodes.</summary>
    public ClusterTlsOptions Tls { get; set; } = new();
}

/// <summary>The section <c>Pulse:Cluster:Tls</c>: PEM files, all three or none.</summary>
public sealed class ClusterTlsOptions
{
    /// <summary>The node's certificate.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>Its private key, not encrypted.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The authority that issued the certificates of all nodes, with intermediates if there are any.</summary>
    public string? AuthorityFile { get; set; }
}

/// <summary>The section <c>Pulse:Warehouse</c>.</summary>
public sealed class WarehouseOptions
{
    /// <summary><c>Parquet</c> or <c>BigQuery</c>; null: BigQuery where a project is named, else Parquet.</summary>
    public string? Kind { get; set; }

    /// <summary>The directory of Parquet files; null: <c>warehouse</c> in the data directory.</summary>
    public string? Directory { get; set; }

    /// <summary>BigQuery.</summary>
    public BigQuerySection BigQuery { get; set; } = new();
}

/// <summary>The section <c>Pulse:Warehouse:BigQuery</c>.</summary>
public sealed class BigQuerySection
{
    /// <summary>The Google Cloud project.</summary>
    public string? ProjectId { get; set; }

    /// <summary>The dataset; made where it is absent.</summary>
    public string Dataset { get; set; } = "real_time_analytics";

    /// <summary>Where the dataset is to be made, such as <c>EU</c>; null: the service's default.</summary>
    public string? Location { get; set; }

    /// <summary>
    /// <c>Default</c> (application-default credentials, workload identity), <c>File</c> or <c>None</c> (emulators); null:
    /// File where a file is named, else Default.
    /// </summary>
    public string? Credentials { get; set; }

    /// <summary>A service account's JSON key, or a workload identity federation's configuration.</summary>
    public string? CredentialsFile { get; set; }

    /// <summary>The API's root where it is not Google's own: a private endpoint or an emulator.</summary>
    public string? BaseUri { get; set; }

    /// <summary>Where a date's file waits to be sent; null: the system's directory for temporary files.</summary>
    public string? StagingDirectory { get; set; }
}

/// <summary>The section <c>Pulse:Live</c>: how much of the counts a node keeps in memory for its dashboards.</summary>
public sealed class LiveFeedOptions
{
    /// <summary>Windows of each rollup; older ones are read from storage.</summary>
    public int Windows { get; set; } = 576;

    /// <summary>Keys of each window, the largest ones; the others show as one sum.</summary>
    public int KeysPerWindow { get; set; } = 1_000;
}

/// <summary>The section <c>Pulse:Http</c>.</summary>
public sealed class HttpOptions
{
    /// <summary>The address to listen on, such as <c>0.0.0.0</c>; anything but loopback asks for access control.</summary>
    public string Bind { get; set; } = "127.0.0.1";

    /// <summary>The port; 0: any free one.</summary>
    public int Port { get; set; } = 8080;

    /// <summary>The key that API clients send and people type in; null: none.</summary>
    public string? ApiKey { get; set; }

    /// <summary>Who signs people in; null: nobody.</summary>
    public OpenIdConnectOptions? OpenIdConnect { get; set; }

    /// <summary>Whether anybody who reaches the address may read everything; for demos.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>
    /// Whether every request comes through a proxy that says who asked and by which address (<c>X-Forwarded-…</c>).
    /// </summary>
    public bool BehindProxy { get; set; }

    /// <summary>How many requests a second one client address may make.</summary>
    public int RequestsPerSecond { get; set; } = 1_000;
}

/// <summary>The section <c>Pulse:Http:OpenIdConnect</c>.</summary>
public sealed class OpenIdConnectOptions
{
    /// <summary>The provider's address.</summary>
    public string Authority { get; set; } = "";

    /// <summary>Pulse's name there.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>Pulse's secret there.</summary>
    public string? ClientSecret { get; set; }
}
