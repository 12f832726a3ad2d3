namespace Pulse.Simulator.Broker;

/// <summary>
/// A Kafka broker inside this process: librdkafka's own mock cluster, which speaks the real protocol on loopback
/// and keeps everything in memory. For demonstrations and tests, never for production.
/// </summary>
/// <remarks>
/// <para>It keeps only the newest 5 MiB or 100,000 messages of each partition, whichever is less, and drops older
/// ones without a word: whoever produces must wait for whoever consumes.</para>
/// <para>It answers no CreateTopics request. Make topics with <see cref="CreateTopic"/>; one that a client merely
/// mentions is made with four partitions.</para>
/// <para>A group's first member has its partitions at once. When members join or leave later, the mock ends the
/// rebalance only about one session timeout after, and it takes a static member that returns for a new one: give
/// consumers of several members here a short session timeout.</para>
/// <para>All members are safe to use from several threads.</para>
/// </remarks>
public sealed class EmbeddedBroker : IDisposable
{
    /// <summary>The number of newest messages that each partition keeps, at most.</summary>
    public const int RetainedMessagesPerPartition = 100_000;

    /// <summary>The number of newest bytes that each partition keeps, at most.</summary>
    public const int RetainedBytesPerPartition = 5 * 1024 * 1024;

    /// <summary>What the names of such streams begin with.</summary>
    public const string IdentityPrefix = "embedded-";

    private const int MaximumPartitions = 1_000;
    private const int MaximumTopicNameLength = 249;

    // One node: the mock serves all its nodes on one thread, so more would add connections and no speed.
    private const int Nodes = 1;
    private const int FirstNode = 1;

    // Members that start together still share the first assignment; the mock's own three seconds only make one wait.
    private static readonly TimeSpan InitialRebalanceDelay = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly NativeMockCluster native;
    private readonly Dictionary<string, int> partitionsByTopic = new(StringComparer.Ordinal);
    private nint client;
    private nint cluster;

    private EmbeddedBroker(NativeMockCluster native)
    {
        this.native = native;
        client = native.NewClient();
        try
        {
            cluster = native.NewCluster(client, Nodes);
            // Without a controller every administrative request waits for one until it times out.
            native.SetController(cluster, FirstNode);
            native.SetInitialRebalanceDelay(cluster, InitialRebalanceDelay);
            BootstrapServers = native.BootstrapServers(cluster);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where clients connect, as <c>127.0.0.1:port</c>. Still readable after disposal.</summary>
    public string BootstrapServers { get; } = "";

    /// <summary>
    /// A new name for every start, after <see cref="IdentityPrefix"/>. Offsets begin at zero with every start, so positions stored against another
    /// identity belong to another stream.
    /// </summary>
    public string StreamIdentity { get; } = $"{IdentityPrefix}{Guid.NewGuid()}";

    /// <summary>Starts a broker on a free port of 127.0.0.1.</summary>
    /// <exception cref="EmbeddedBrokerException">The native library is absent or cannot host a broker.</exception>
    public static EmbeddedBroker Start() => new(NativeMockCluster.Load());

    /// <summary>Makes a topic; does nothing when this broker already made one of that name.</summary>
    /// <param name="name">1 to 249 of the characters that Kafka allows: letters, digits, '.', '_' and '-'.</param>
    /// <param name="partitions">1 to 1,000. Ignored when the topic exists.</param>
    /// <exception cref="EmbeddedBrokerException">The broker refuses the topic.</exception>
    public void CreateTopic(string name, int partitions)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(partitions, MaximumPartitions);
        if (name.Length > MaximumTopicNameLength || !name.All(IsTopicCharacter))
            throw new ArgumentException($"'{name}' is no topic name: use letters, digits, '.', '_' and '-'.", nameof(name));

        lock (gate)
        {
            ObjectDisposedException.ThrowIf(cluster == 0, this);
            if (partitionsByTopic.ContainsKey(name))
                return;

            if (native.CreateTopic(cluster, name, partitions, Nodes) is { } reason)
                throw new EmbeddedBrokerException($"The embedded broker could not make the topic '{name}': {reason}");
            partitionsByTopic.Add(name, partitions);
        }
    }

    /// <summary>Stops the broker and forgets all it held. Clients still connected see it go away.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (cluster != 0)
                native.DestroyCluster(cluster);
            cluster = 0;
            if (client != 0)
                native.DestroyClient(client);
            client = 0;
        }
    }

    private static bool IsTopicCharacter(char character) =>
        char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-';
}
