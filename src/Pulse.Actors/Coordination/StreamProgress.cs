using System.Collections.Immutable;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pulse.Actors.Broker;

namespace Pulse.Actors.Coordination;

/// <summary>
/// Reads from Kafka how far a topic goes and how far a consumer group has committed, without joining the group. Safe
/// to use from several threads; connects when first used.
/// </summary>
/// <remarks>All members throw <see cref="KafkaException"/> when the broker does not answer in time or refuses.</remarks>
public sealed class StreamProgress : IDisposable
{
    private readonly IAdminClient _administration;
    private readonly TimeSpan _deadline;

    /// <summary>Makes the client; contacts nobody yet.</summary>
    /// <param name="connection">Where the brokers are and how to log in; not changed.</param>
    /// <param name="deadline">How long one question may take; null for ten seconds.</param>
    public StreamProgress(ClientConfig connection, TimeSpan? deadline = null)
    {
        _deadline = deadline ?? TimeSpan.FromSeconds(10);
        // Without handlers of our own the client writes to the user's terminal. What matters comes back as exceptions.
        _administration = new AdminClientBuilder(new AdminClientConfig(new ClientConfig(connection)))
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, _) => { })
            .Build();
    }

    /// <summary>What every partition of a topic holds now: its first offset and its end.</summary>
    /// <param name="topic">The topic; if it does not exist the answer is an exception.</param>
    /// <param name="cancellationToken">Stops waiting; a question already asked runs out by itself.</param>
    public async Task<ImmutableArray<PartitionRange>> EndOffsetsAsync(string topic, CancellationToken cancellationToken)
    {
        var partitions = await PartitionsAsync(topic).WaitAsync(cancellationToken);
        // The low end first: if it moved in between, the range is too wide, never too narrow.
        var low = await OffsetsAsync(partitions, OffsetSpec.Earliest()).WaitAsync(cancellationToken);
        var high = await OffsetsAsync(partitions, OffsetSpec.Latest()).WaitAsync(cancellationToken);
        return
        [
            .. partitions
                .Select(partition => partition.Partition.Value)
                .Order()
                .Select(partition => new PartitionRange(partition, low[partition], high[partition])),
        ];
    }

    /// <summary>The offsets that a group has committed in a topic; partitions without one are absent.</summary>
    /// <param name="group">The consumer group; one that never was has committed nothing.</param>
    /// <param name="topic">The topic; if it does not exist the answer is an exception.</param>
    /// <param name="cancellationToken">Stops waiting; a question already asked runs out by itself.</param>
    public async Task<ImmutableDictionary<int, long>> CommittedOffsetsAsync(
        string group, string topic, CancellationToken cancellationToken)
    {
        var partitions = await PartitionsAsync(topic).WaitAsync(cancellationToken);
        var asked = _administration.ListConsumerGroupOffsetsAsync(
            [new ConsumerGroupTopicPartitions(group, partitions)],
            new ListConsumerGroupOffsetsOptions { RequestTimeout = _deadline });
        var answer = (await asked.WaitAsync(cancellationToken)).Single();
        var committed = ImmutableDictionary.CreateBuilder<int, long>();
        foreach (var partition in answer.Partitions)
        {
            if (partition.Error.IsError)
                throw new KafkaException(partition.Error);
            if (partition.Offset.Value >= 0)
                committed.Add(partition.Partition.Value, partition.Offset.Value);
        }

        return committed.ToImmutable();
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _administration.Dispose();

    private Task<List<TopicPartition>> PartitionsAsync(string topic) =>
        OwnThread.RunAsync(() => Partitions(topic));

    private List<TopicPartition> Partitions(string topic)
    {
        var metadata = _administration.GetMetadata(topic, _deadline).Topics.Single();
        if (metadata.Error.IsError)
            throw new KafkaException(metadata.Error);
        return [.. metadata.Partitions.Select(partition => new TopicPartition(topic, partition.PartitionId))];
    }

    private async Task<Dictionary<int, long>> OffsetsAsync(List<TopicPartition> partitions, OffsetSpec which)
    {
        var answer = await _administration.ListOffsetsAsync(
            partitions.Select(partition => new TopicPartitionOffsetSpec
            {
                TopicPartition = partition,
                OffsetSpec = which,
            }),
            new ListOffsetsOptions { RequestTimeout = _deadline });
        var offsets = new Dictionary<int, long>();
        foreach (var (partition, offset, error) in answer.ResultInfos.Select(info => (
            info.TopicPartitionOffsetError.Partition.Value,
            info.TopicPartitionOffsetError.Offset.Value,
            info.TopicPartitionOffsetError.Error)))
        {
            if (error.IsError)
                throw new KafkaException(error);
            offsets.Add(partition, offset);
        }

        return offsets;
    }
}
