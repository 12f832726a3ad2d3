using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Pulse.Verification.Log;

/// <summary>What brokers say of the topic.</summary>
internal sealed class TopicQuestions(LogAddress log)
{
    /// <summary>The identity to which positions belong: cluster id, topic and topic id, or the configured one.</summary>
    /// <exception cref="VerificationException">No broker says.</exception>
    public Task<string> StreamAsync() => AskAsync(async client =>
    {
        var known = client.GetMetadata(log.Topic, LogSettings.Patience);
        var topic = known.Topics.Find(each => each.Topic == log.Topic);
        if (topic is null || topic.Partitions.Count == 0)
            throw LogSettings.OutOfReach(log, "there is no such topic. Check Pulse:Kafka:Topic");
        if (topic.Partitions.Where(partition => partition.Leader < 0).Select(partition => partition.PartitionId).ToList() is { Count: > 0 } leaderless)
            throw LogSettings.OutOfReach(
                log, $"{leaderless.Count} of its partitions have no leader, partition {leaderless.Min()} is the first. Try again when they have one");
        if (log.Stream is { } configured)
            return configured;
        // A single broker names none while it stops. Where it does so when it is asked for the cluster, librdkafka ends the process by an
        // assertion.
        if (known.Brokers.Count == 0)
            throw LogSettings.OutOfReach(log, "its only broker is just stopping or starting. Try again when it runs");

        var cluster = await client.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = LogSettings.Patience }).ConfigureAwait(false);
        var id = await TopicIdAsync(client).ConfigureAwait(false);
        return $"{cluster.ClusterId}/{log.Topic}{(id is null ? "" : $"/{id}")}";
    });

    /// <summary>Whether the topic keeps only the last record of each key.</summary>
    /// <returns>Null where no broker says.</returns>
    public async Task<bool?> IsCompactedAsync()
    {
        try
        {
            return await AskAsync(async client =>
            {
                var topic = new ConfigResource { Type = ResourceType.Topic, Name = log.Topic };
                var described = await client
                    .DescribeConfigsAsync([topic], new DescribeConfigsOptions { RequestTimeout = LogSettings.Patience }).ConfigureAwait(false);
                return described[0].Entries["cleanup.policy"].Value.Contains("compact", StringComparison.Ordinal);
            }).ConfigureAwait(false);
        }
        catch (VerificationException)
        {
            return null;
        }
    }

    private async Task<string?> TopicIdAsync(IAdminClient client)
    {
        try
        {
            var described = await client.DescribeTopicsAsync(
                TopicCollection.OfTopicNames([log.Topic]), new DescribeTopicsOptions { RequestTimeout = LogSettings.Patience }).ConfigureAwait(false);
            return described.TopicDescriptions is [{ TopicId: { } id }] && id.MostSignificantBits != 0 ? id.ToString() : null;
        }
        catch (KafkaException exception) when (exception.Error.Code is ErrorCode.UnsupportedVersion or ErrorCode.Local_UnsupportedFeature)
        {
            // Brokers before 2.8 have no topic ids: then the cluster and the name have to do.
            return null;
        }
    }

    // The client's own limits are not kept where a partition has no leader, and closing such a client may hang as well.
    private async Task<T> AskAsync<T>(Func<IAdminClient, Task<T>> question)
    {
        var client = new AdminClientBuilder(LogSettings.Questions(log)).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        try
        {
            return await Task.Run(() => question(client)).WaitAsync(2 * LogSettings.Patience).ConfigureAwait(false);
        }
        catch (KafkaException exception)
        {
            throw LogSettings.OutOfReach(log, $"Kafka does not answer ({exception.Error.Reason})", exception);
        }
        catch (TimeoutException exception)
        {
            throw LogSettings.OutOfReach(log, $"Kafka gives no answer within {2 * LogSettings.Patience.TotalSeconds} s", exception);
        }
        finally
        {
            _ = Task.Run(client.Dispose);
        }
    }
}
