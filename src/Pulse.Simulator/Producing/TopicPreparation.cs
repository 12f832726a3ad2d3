using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Pulse.Simulator.Producing;

/// <summary>Finds out whether the broker answers and makes topics that it lacks.</summary>
internal static class TopicPreparation
{
    private const int Partitions = 8;
    private const short BrokersOwnReplication = -1;
    private const short OneReplica = 1;

    /// <exception cref="SimulatorException">The broker does not answer, or refuses a topic.</exception>
    internal static async Task EnsureAsync(SimulatorOptions options, CancellationToken cancellation)
    {
        using var administration = new AdminClientBuilder(
                new AdminClientConfig { BootstrapServers = options.BootstrapServers })
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, _) => { })
            .Build();
        // All topics at once: asking for one by name would make the broker create it with its own partition count.
        var known = await AskAsync(
            options, () => administration.GetMetadata(options.ConnectTimeout), cancellation);
        var names = known.Topics.Select(topic => topic.Topic).ToHashSet(StringComparer.Ordinal);
        if (!names.Contains(options.Topic))
            await CreateAsync(administration, options, options.Topic, Partitions, cancellation);
        if (options.Complete && !names.Contains(options.CompletionTopic))
            await CreateAsync(administration, options, options.CompletionTopic, 1, cancellation);
    }

    private static async Task<Metadata> AskAsync(
        SimulatorOptions options, Func<Metadata> ask, CancellationToken cancellation)
    {
        try
        {
            return await Task.Run(ask, cancellation).WaitAsync(cancellation);
        }
        catch (KafkaException failure)
        {
            throw new SimulatorException(
                $"Kafka at {options.BootstrapServers} did not answer within {options.ConnectTimeout.TotalSeconds:0} s "
                + $"({failure.Error.Reason}). Is it running, and is --bootstrap-servers right?", failure);
        }
    }

    private static async Task CreateAsync(
        IAdminClient administration, SimulatorOptions options, string topic, int partitions, CancellationToken cancellation)
    {
        var error = await TryCreateAsync(administration, options, topic, partitions, BrokersOwnReplication);
        cancellation.ThrowIfCancellationRequested();
        // Brokers before 2.4 know no default replication.
        if (error?.Code is ErrorCode.InvalidReplicationFactor or ErrorCode.UnsupportedVersion)
            error = await TryCreateAsync(administration, options, topic, partitions, OneReplica);
        switch (error?.Code)
        {
            case null or ErrorCode.TopicAlreadyExists:
                return;
            case ErrorCode.Local_UnsupportedFeature:
                // A broker without CreateTopics (the embedded one) makes the topic when it is asked about it.
                await AskAsync(options, () => administration.GetMetadata(topic, options.ConnectTimeout), cancellation);
                return;
            default:
                throw new SimulatorException(
                    $"Kafka at {options.BootstrapServers} has no topic '{topic}' and refused to make it "
                    + $"({error.Reason}). Create it, or name another topic.");
        }
    }

    private static async Task<Error?> TryCreateAsync(
        IAdminClient administration, SimulatorOptions options, string topic, int partitions, short replicas)
    {
        try
        {
            await administration.CreateTopicsAsync(
                [new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = replicas }],
                new CreateTopicsOptions
                {
                    RequestTimeout = options.ConnectTimeout,
                    OperationTimeout = options.ConnectTimeout,
                });
            return null;
        }
        catch (CreateTopicsException failure)
        {
            return failure.Results[0].Error;
        }
        catch (KafkaException failure)
        {
            return failure.Error;
        }
    }
}
