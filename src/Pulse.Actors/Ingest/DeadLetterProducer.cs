using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Broker;
using Pulse.Events;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Sends bad records to the dead-letter topic. Each is delivered before a bucket comes to stand beyond it, so each is there at
/// least once; a replay can send one again, with the same source partition and offset in its headers.
/// </summary>
public sealed class DeadLetterProducer : IDisposable
{
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly KafkaSettings _settings;

    /// <summary>Makes a producer; it connects with its first record.</summary>
    public DeadLetterProducer(KafkaSettings settings, ILogger log)
    {
        _settings = settings;
        _producer = new ProducerBuilder<byte[], byte[]>(settings.ProducerConfig())
            .SetLogHandler((_, message) => log.LogDebug("Kafka client: {Message}", message.Message))
            .SetErrorHandler((_, error) => log.LogDebug("Kafka client: {Reason}", error.Reason))
            .Build();
    }

    /// <summary>
    /// Sends one bad record of a batch, without its key and value where the topic does not take so much; completes when
    /// the broker has it. The batch may be disposed as soon as this has returned.
    /// </summary>
    /// <exception cref="KafkaException">It could not be delivered, or the client's queue is full.</exception>
    public async Task SendAsync(int partition, RecordBatch batch, int index, BadRecord why)
    {
        var source = new TopicPartitionOffset(_settings.Topic, partition, batch.Offset(index));
        var message = DeadLetter.Of(
            why, source, batch.UnixMilliseconds(index), NullIfEmpty(batch.Key(index)), NullIfEmpty(batch.Value(index)));
        try
        {
            await _producer.ProduceAsync(_settings.DeadLetterTopic, message).ConfigureAwait(false);
        }
        catch (ProduceException<byte[], byte[]> exception) when (exception.Error.Code == ErrorCode.MsgSizeTooLarge)
        {
            // With its headers it is larger than the record it came from. Trying for ever would block the partition.
            await _producer.ProduceAsync(_settings.DeadLetterTopic, DeadLetter.WithoutContent(message))
                .ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _producer.Dispose();

    private static byte[]? NullIfEmpty(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? null : bytes.ToArray();
}
