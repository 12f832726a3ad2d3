using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pulse.Actors.Broker;
using Xunit;

namespace Pulse.Testing.Kafka;

/// <summary>
/// A real Kafka for the tests of an assembly: the one that <c>PULSE_TEST_KAFKA</c> names, or else a broker that is started
/// when it is first asked for, from a <see cref="KafkaHome"/> or with Docker. Use it as an assembly fixture. Tests that need
/// it are skipped with a reason where there is none, and fail where CI=true.
/// </summary>
public sealed class KafkaFixture : IAsyncLifetime
{
    /// <summary>Names a broker that runs already, as <c>host:port</c>.</summary>
    public const string Variable = "PULSE_TEST_KAFKA";

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TopicLimit = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim _starting = new(1, 1);
    private KafkaServer? _server;
    private string? _bootstrapServers;
    private Exception? _missing;

    private static string? Named => System.Environment.GetEnvironmentVariable(Variable) is { } named && !string.IsNullOrWhiteSpace(named)
        ? named
        : null;

    /// <summary>Where clients connect, as <c>host:port</c>; known once a topic was created or <see cref="StartAsync"/> called.</summary>
    public string BootstrapServers => _bootstrapServers
        ?? throw new InvalidOperationException("Kafka was not started; create a topic first.");

    /// <summary>Starts nothing: most test classes of an assembly need no broker.</summary>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Finds or starts the broker; does nothing when it runs.</summary>
    public async Task StartAsync()
    {
        Requirement.Server("Kafka");
        await _starting.WaitAsync();
        try
        {
            if (_missing is not null)
                throw _missing;
            _bootstrapServers ??= await FindAsync();
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>A cluster that one test alone has, to kill and to cut off.</summary>
    /// <param name="brokers">One, or three.</param>
    /// <param name="behindRelays">Whether clients reach each broker through a relay, which can be cut and slowed.</param>
    /// <param name="settings">Further settings of every broker, as lines of <c>server.properties</c>.</param>
    public static Task<KafkaCluster> StartClusterAsync(
        int brokers = 1, bool behindRelays = false, params IReadOnlyList<string> settings) =>
        StartClusterAsync(brokers, behindRelays, [], settings);

    /// <summary>The same with further listeners.</summary>
    public static async Task<KafkaCluster> StartClusterAsync(
        int brokers, bool behindRelays, IReadOnlyList<KafkaListener> listeners, IReadOnlyList<string> settings)
    {
        Requirement.Server("Kafka");
        if (Named is { } address)
            throw Requirement.NotHere($"Needs a broker that it may kill and cut off; {Variable} names {address}.");
        var home = KafkaHome.Find(out var missing)
            ?? throw Requirement.Missing($"{missing} A broker that a test may kill is not started with Docker.");
        var cluster = await KafkaCluster.StartAsync(home, brokers, behindRelays, listeners, settings);
        Say(cluster.Name);
        return cluster;
    }

    /// <summary>Creates a topic with a name of its own and waits until every partition answers.</summary>
    /// <param name="prefix">How the name begins.</param>
    /// <param name="partitions">How many partitions it has.</param>
    /// <param name="settings">Settings of the topic.</param>
    /// <returns>The topic's name.</returns>
    public async Task<string> CreateTopicAsync(string prefix, int partitions, params (string Name, string Value)[] settings)
    {
        await StartAsync();
        return await CreateTopicAsync(BootstrapServers, prefix, partitions, settings);
    }

    /// <summary>Creates a topic by a name that is known already.</summary>
    public Task CreateNamedTopicAsync(string topic, int partitions) =>
        CreateTopicAsync(BootstrapServers, new TopicSpecification { Name = topic, NumPartitions = partitions });

    /// <summary>Deletes a topic, and makes another one of its name.</summary>
    public Task MakeTopicAgainAsync(string topic, int partitions) => MakeTopicAgainAsync(BootstrapServers, topic, partitions);

    /// <summary>The same on any cluster.</summary>
    public static async Task MakeTopicAgainAsync(string bootstrapServers, string topic, int partitions)
    {
        using var administration = Administration(bootstrapServers);
        await administration.DeleteTopicsAsync([topic]);
        // The name is taken until the last broker has let go of it.
        await Eventually.HoldsAsync($"{topic} is made again", TopicLimit, async () =>
        {
            try
            {
                await CreateTopicAsync(bootstrapServers, new TopicSpecification { Name = topic, NumPartitions = partitions });
                return true;
            }
            catch (CreateTopicsException)
            {
                return false;
            }
        });
    }

    /// <summary>The same on a cluster of a test's own.</summary>
    public static async Task<string> CreateTopicAsync(
        string bootstrapServers, string prefix, int partitions, params (string Name, string Value)[] settings)
    {
        var topic = $"{prefix}-{Guid.NewGuid():N}";
        await CreateTopicAsync(bootstrapServers, new TopicSpecification
        {
            Name = topic,
            NumPartitions = partitions,
            Configs = settings.ToDictionary(setting => setting.Name, setting => setting.Value),
        });
        return topic;
    }

    /// <summary>Creates a topic and waits until every partition answers. It keeps records of any age, unless its settings say otherwise.</summary>
    public static async Task CreateTopicAsync(string bootstrapServers, TopicSpecification topic)
    {
        // Kafka deletes records by their own timestamps, and those of simulated streams may be months old.
        topic.Configs ??= [];
        topic.Configs.TryAdd("retention.ms", "-1");
        using var administration = Administration(bootstrapServers);
        await administration.CreateTopicsAsync([topic]);
        var ends = Enumerable.Range(0, topic.NumPartitions)
            .Select(number => new TopicPartitionOffsetSpec
            {
                TopicPartition = new TopicPartition(topic.Name, number), OffsetSpec = OffsetSpec.Latest(),
            }).ToList();
        await Eventually.HoldsAsync($"every partition of {topic.Name} answers", TopicLimit, async () =>
        {
            try
            {
                // That a partition has a leader is known before the leader knows it.
                return (await administration.ListOffsetsAsync(ends)).ResultInfos.TrueForAll(
                    end => !end.TopicPartitionOffsetError.Error.IsError);
            }
            catch (KafkaException)
            {
                return false;
            }
        });
    }

    /// <summary>Creates the topics of a stream, for a consumer group of its own.</summary>
    /// <param name="partitions">How many partitions the events' topic has.</param>
    public async Task<KafkaSettings> CreateStreamAsync(int partitions)
    {
        await StartAsync();
        return await CreateStreamAsync(BootstrapServers, partitions);
    }

    /// <summary>The same on a cluster of a test's own.</summary>
    public static async Task<KafkaSettings> CreateStreamAsync(
        string bootstrapServers, int partitions, params (string Name, string Value)[] settings) => new(bootstrapServers)
    {
        Topic = await CreateTopicAsync(bootstrapServers, "events", partitions, settings),
        CompletionTopic = await CreateTopicAsync(bootstrapServers, "completions", 1),
        DeadLetterTopic = await CreateTopicAsync(bootstrapServers, "dead-letters", 1),
        GroupId = $"group-{Guid.NewGuid():N}",
    };

    /// <summary>The configuration of a node process that reads a stream, as environment variables.</summary>
    public static Dictionary<string, string> Environment(KafkaSettings stream) => new()
    {
        ["Pulse__Kafka__BootstrapServers"] = stream.BootstrapServers,
        ["Pulse__Kafka__Topic"] = stream.Topic,
        ["Pulse__Kafka__CompletionTopic"] = stream.CompletionTopic,
        ["Pulse__Kafka__DeadLetterTopic"] = stream.DeadLetterTopic,
        ["Pulse__Kafka__GroupId"] = stream.GroupId,
    };

    /// <summary>Sees that somebody gave the address of a Kafka.</summary>
    /// <param name="address">The address.</param>
    /// <param name="givenBy">Where it was given, for people.</param>
    /// <exception cref="InvalidOperationException">No Kafka answers there.</exception>
    public static void RequireAnswer(string address, string givenBy)
    {
        using var client = Administration(address);
        try
        {
            client.GetMetadata(AnswerLimit);
        }
        catch (KafkaException failure)
        {
            throw new InvalidOperationException(
                $"{givenBy} is '{address}', where no Kafka answers within {AnswerLimit.TotalSeconds:N0} s ({failure.Error.Reason}).");
        }
    }

    /// <summary>A client for questions to the brokers, which says nothing on the console.</summary>
    public static IAdminClient Administration(string bootstrapServers) =>
        new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrapServers })
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, _) => { })
            .Build();

    /// <summary>Ends the broker, if it was started here.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _starting.Dispose();
    }

    private async Task<string> FindAsync()
    {
        try
        {
            if (Named is { } address)
            {
                RequireAnswer(address, Variable);
                Say($"{address}, named by {Variable}");
                return address;
            }

            _server = await KafkaServer.StartAsync();
            Say(_server.Name);
            return _server.BootstrapServers;
        }
        catch (Exception failure)
        {
            // The next test need not try as long as this one did.
            _missing = failure;
            throw;
        }
    }

    private static void Say(string kafka) => RunReport.Add($"Kafka: {kafka}");
}
