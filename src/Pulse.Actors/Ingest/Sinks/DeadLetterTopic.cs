using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Broker;

namespace Pulse.Actors.Ingest.Sinks;

/// <summary>
/// The topic of dead letters. Those of one source partition go to one partition of it, so they stay in their order. Blocks its
/// caller, which is a thread of its own; each question has a limit.
/// </summary>
internal sealed class DeadLetterTopic : IDisposable
{
    private static readonly TimeSpan BrokerTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DeliveryTimeout = TimeSpan.FromSeconds(10);

    private readonly IProducer<byte[], byte[]> _producer;
    private readonly string _name;
    private readonly int _partitions;

    /// <summary>Asks for the topic, which a producer alone would have created, and connects.</summary>
    /// <param name="settings">The brokers and the topic.</param>
    /// <param name="asker">A client of the same brokers.</param>
    /// <param name="monitor">Receives what the client says of itself.</param>
    /// <param name="log">Receives what the client has to say.</param>
    /// <exception cref="IngestException">It can't be written; the message says what to do.</exception>
    public DeadLetterTopic(KafkaSettings settings, Handle asker, ClientMonitor monitor, ILogger log)
    {
        _name = settings.DeadLetterTopic;
        _partitions = PartitionsOf(asker);
        _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(settings.ProducerConfig())
            {
                MessageTimeoutMs = (int)DeliveryTimeout.TotalMilliseconds,
                // The client insists that one request ends before the record that it carries is given up.
                RequestTimeoutMs = (int)DeliveryTimeout.TotalMilliseconds,
            })
            .SetStatisticsHandler((_, json) => monitor.Said(json))
            .SetLogHandler((_, message) => log.LogDebug("Kafka client: {Message}", message.Message))
            .SetErrorHandler((_, error) => log.LogDebug("Kafka client: {Reason}", error.Reason))
            .Build();
    }

    /// <summary>
    /// Delivers letters in their order. Where one was refused, those after it may be there twice: the order counts for more.
    /// </summary>
    /// <param name="letters">Source partition and record of each.</param>
    /// <exception cref="IngestException">One could not be delivered; the message says what to do.</exception>
    public void Send(IReadOnlyList<(int SourcePartition, Message<byte[], byte[]> Record)> letters)
    {
        var deliveries = letters.Select(letter => DeliverAsync(letter.SourcePartition, letter.Record)).ToList();
        var errors = Task.WhenAll(deliveries).GetAwaiter().GetResult();
        var refused = Array.FindIndex(errors, error => error.IsError);
        if (refused < 0)
            return;
        if (errors[refused].Code != ErrorCode.MsgSizeTooLarge)
            throw Refusal(errors);
        // A broker refuses all records that came together with one that is too large: alone, each is judged for itself.
        foreach (var (partition, record) in letters.Skip(refused))
            SendAlone(partition, record);
    }

    /// <inheritdoc />
    public void Dispose() => _producer.Dispose();

    private void SendAlone(int sourcePartition, Message<byte[], byte[]> record)
    {
        var error = DeliverAsync(sourcePartition, record).GetAwaiter().GetResult();
        // With its headers it is larger than the record it came from. Trying for ever would hold up all that follow.
        if (error.Code == ErrorCode.MsgSizeTooLarge)
            error = DeliverAsync(sourcePartition, DeadLetter.WithoutContent(record)).GetAwaiter().GetResult();
        if (error.IsError)
            throw Refusal([error]);
    }

    private async Task<Error> DeliverAsync(int sourcePartition, Message<byte[], byte[]> record)
    {
        try
        {
            await _producer.ProduceAsync(new TopicPartition(_name, sourcePartition % _partitions), record).ConfigureAwait(false);
            return new Error(ErrorCode.NoError);
        }
        catch (KafkaException exception)
        {
            return exception.Error;
        }
    }

    private int PartitionsOf(Handle asker)
    {
        try
        {
            using var client = new DependentAdminClientBuilder(asker).Build();
            var topic = client.GetMetadata(_name, BrokerTimeout).Topics.Find(candidate => candidate.Topic == _name);
            return topic switch
            {
                null or { Error.Code: ErrorCode.UnknownTopicOrPart } => throw new IngestException(
                    $"The dead-letter topic '{_name}' does not exist. Create it, or correct Pulse:Kafka:DeadLetterTopic."),
                { Error.IsError: true } => throw Refusal([topic.Error]),
                _ => topic.Partitions.Count,
            };
        }
        catch (KafkaException exception)
        {
            throw Refusal([exception.Error]);
        }
    }

    // Where the first of many is refused, the client gives up the others, which says nothing of the reason.
    private IngestException Refusal(IEnumerable<Error> errors)
    {
        var error = errors.Where(each => each.IsError).MinBy(each => each.Code is ErrorCode.Local_PurgeQueue or ErrorCode.Local_PurgeInflight)!;
        return new IngestException(
            $"The dead-letter topic '{_name}' takes no records ({error.Reason.TrimEnd('.')}). "
            + (error.Code is ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed
                ? "Give the node's user the rights to describe it and to write to it."
                : "Check that it exists, that the node's user may write to it, that its brokers run and have room, and that as many replicas "
                    + "are in sync as it demands."));
    }
}
