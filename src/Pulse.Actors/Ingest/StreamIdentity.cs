using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Pulse.Actors.Ingest;

/// <summary>What the broker says of the topic: positions belong to this stream and to no other.</summary>
/// <param name="Identity">
/// Cluster id, topic and, where the broker gives one, topic id (KIP-516), joined by slashes; or the configured one.
/// </param>
/// <param name="Partitions">The number of partitions now; it can grow.</param>
public sealed record StreamIdentity(string Identity, int Partitions)
{
    /// <summary>Asks the broker.</summary>
    /// <param name="settings">How to reach the broker, and the topic.</param>
    /// <param name="timeout">How long the broker may take.</param>
    /// <exception cref="IngestException">The broker does not answer, or has no such topic.</exception>
    public static async Task<StreamIdentity> ResolveAsync(KafkaSettings settings, TimeSpan timeout)
    {
        var configuration = new AdminClientConfig(settings.ClientProperties()) { SocketTimeoutMs = (int)timeout.TotalMilliseconds };
        using var client = new AdminClientBuilder(configuration)
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, _) => { })
            .Build();
        try
        {
            var metadata = await Task.Run(() => client.GetMetadata(settings.Topic, timeout)).ConfigureAwait(false);
            var topic = metadata.Topics.Find(candidate => candidate.Topic == settings.Topic);
            if (topic is null || topic.Partitions.Count == 0)
                throw new IngestException($"Kafka at {settings.BootstrapServers} has no topic '{settings.Topic}'. "
                    + "Create it, or correct Pulse:Kafka:Topic.");
            if (settings.StreamIdentity is { } configured)
                return new StreamIdentity(configured, topic.Partitions.Count);

            var cluster = await client.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = timeout })
                .ConfigureAwait(false);
            var id = await TopicIdAsync(client, settings.Topic, timeout).ConfigureAwait(false);
            return new StreamIdentity(
                $"{cluster.ClusterId}/{settings.Topic}{(id is null ? "" : $"/{id}")}", topic.Partitions.Count);
        }
        catch (KafkaException exception)
        {
            throw new IngestException($"Kafka at {settings.BootstrapServers} does not answer "
                + $"({exception.Error.Reason}). Check Pulse:Kafka:BootstrapServers and that the broker runs.", exception);
        }
    }

    private static async Task<string?> TopicIdAsync(IAdminClient client, string topic, TimeSpan timeout)
    {
        try
        {
            var described = await client.DescribeTopicsAsync(
                TopicCollection.OfTopicNames([topic]), new DescribeTopicsOptions { RequestTimeout = timeout }).ConfigureAwait(false);
            return described.TopicDescriptions is [{ TopicId: { } id }] && id.MostSignificantBits != 0 ? id.ToString() : null;
        }
        catch (KafkaException exception) when (exception.Error.Code is ErrorCode.UnsupportedVersion or ErrorCode.Local_UnsupportedFeature)
        {
            // Brokers before 2.8 have no topic ids: then the cluster and the name have to do. Any other failure says nothing of that:
            // positions under another identity would be those of another stream, and everything would be counted once more.
            return null;
        }
    }
}
