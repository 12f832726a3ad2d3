using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pulse.Actors.Ingest;
using Pulse.Simulator.Broker;

namespace Pulse.Testing;

/// <summary>
/// A broker for tests: the real one that PULSE_TEST_KAFKA names (<c>host:port</c>), otherwise an embedded one.
/// Use it as an xunit class or assembly fixture.
/// </summary>
public sealed class KafkaFixture : IDisposable
{
    /// <summary>The environment variable that names a real broker.</summary>
    public const string Variable = "PULSE_TEST_KAFKA";

    private static readonly TimeSpan TopicDeadline = TimeSpan.FromSeconds(30);

    /// <summary>Connects to the real broker or starts an embedded one.</summary>
    public KafkaFixture()
    {
        var configured = System.Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrWhiteSpace(configured))
        {
            BootstrapServers = configured;
            return;
        }

        Embedded = EmbeddedBroker.Start();
        BootstrapServers = Embedded.BootstrapServers;
    }

    /// <summary>Where clients connect, as <c>host:port</c>.</summary>
    public string BootstrapServers { get; }

    /// <summary>The embedded broker, or null when a real one is used.</summary>
    public EmbeddedBroker? Embedded { get; }

    /// <summary>Makes a topic with a name of its own and waits until every partition has a leader.</summary>
    /// <param name="prefix">How the name begins.</param>
    /// <param name="partitions">How many partitions it has.</param>
    /// <returns>The topic's name.</returns>
    public async Task<string> CreateTopicAsync(string prefix, int partitions)
    {
        var topic = $"{prefix}-{Guid.NewGuid():N}";
        using var administration = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = BootstrapServers })
            .SetLogHandler((_, _) => { })
            .Build();
        if (Embedded is not null)
            Embedded.CreateTopic(topic, partitions);
        else
            await administration.CreateTopicsAsync(
                [new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = -1 }]);

        using var deadline = new CancellationTokenSource(TopicDeadline);
        while (!HasLeaders(administration, topic, partitions))
            await Task.Delay(TimeSpan.FromMilliseconds(50), deadline.Token);
        return topic;
    }

    /// <summary>Makes the topics of a stream, for a consumer group of its own.</summary>
    /// <param name="partitions">How many partitions the events' topic has.</param>
    public async Task<KafkaSettings> CreateStreamAsync(int partitions) => new(BootstrapServers)
    {
        Topic = await CreateTopicAsync("events", partitions),
        CompletionTopic = await CreateTopicAsync("completions", 1),
        DeadLetterTopic = await CreateTopicAsync("dead-letters", 1),
        GroupId = $"group-{Guid.NewGuid():N}",
        StreamIdentity = "stream",
    };

    /// <summary>The configuration of a node process that reads a stream of this broker, as environment variables.</summary>
    public Dictionary<string, string> Environment(KafkaSettings stream)
    {
        var environment = new Dictionary<string, string>
        {
            ["Pulse__Kafka__BootstrapServers"] = stream.BootstrapServers,
            ["Pulse__Kafka__Topic"] = stream.Topic,
            ["Pulse__Kafka__CompletionTopic"] = stream.CompletionTopic,
            ["Pulse__Kafka__DeadLetterTopic"] = stream.DeadLetterTopic,
            ["Pulse__Kafka__GroupId"] = stream.GroupId,
        };
        // The embedded broker can't say which stream a topic is.
        if (Embedded is not null)
            environment["Pulse__Kafka__StreamIdentity"] = Embedded.StreamIdentity;
        return environment;
    }

    /// <summary>Stops the embedded broker, if there is one.</summary>
    public void Dispose() => Embedded?.Dispose();

    private static bool HasLeaders(IAdminClient administration, string topic, int partitions)
    {
        var metadata = administration.GetMetadata(topic, TopicDeadline).Topics.Single();
        return metadata.Error.Code == ErrorCode.NoError
               && metadata.Partitions.Count == partitions
               && metadata.Partitions.All(partition => partition.Leader >= 0);
    }
}
