using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Broker;

namespace Pulse.Actors.Ingest.Sinks;

/// <summary>
/// Reads ranges of the events' partitions once more, one of each partition at a time: a small consumer beside the node's.
/// Used by one thread, which it blocks.
/// </summary>
internal sealed class RangeReader : IDisposable
{
    private static readonly TimeSpan BrokerTimeout = TimeSpan.FromSeconds(5);

    private readonly KafkaSettings _settings;
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly Dictionary<int, SinkReading> _readings = [];

    /// <summary>Makes the consumer; it connects with its first range.</summary>
    public RangeReader(KafkaSettings settings, ILogger log)
    {
        _settings = settings;
        _consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(settings.SideConsumerConfig())
            {
                // Ranges are short as a rule: what is fetched beyond them is thrown away.
                QueuedMinMessages = 1_000,
                QueuedMaxMessagesKbytes = 16_384,
                MaxPartitionFetchBytes = 262_144,
                FetchWaitMaxMs = 50,
            })
            .SetLogHandler((_, message) => log.LogDebug("Kafka client: {Message}", message.Message))
            .SetErrorHandler((_, error) => log.LogDebug("Kafka client: {Reason}", error.Reason))
            .Build();
    }

    /// <summary>The client, for questions to the same brokers.</summary>
    public Handle Handle => _consumer.Handle;

    /// <summary>Begins to read a range, in place of any other one of its partition.</summary>
    public void Begin(SinkReading reading)
    {
        if (_readings.TryGetValue(reading.Partition.Partition, out var former))
            End(former);
        _readings[reading.Partition.Partition] = reading;
        _consumer.IncrementalAssign([new TopicPartitionOffset(TopicPartitionOf(reading), reading.Position)]);
    }

    /// <summary>Reads a range no more.</summary>
    public void End(SinkReading reading)
    {
        if (_readings.GetValueOrDefault(reading.Partition.Partition) != reading)
            return;
        _readings.Remove(reading.Partition.Partition);
        _consumer.IncrementalUnassign([TopicPartitionOf(reading)]);
    }

    /// <summary>What is read of a partition, if anything.</summary>
    public SinkReading? ReadingOf(int partition) => _readings.GetValueOrDefault(partition);

    /// <summary>The next record, or the news that a partition ends; null where there is none in time.</summary>
    /// <param name="patience">How long to wait.</param>
    /// <param name="outside">The range of which the log no longer holds the next offset, or null.</param>
    /// <exception cref="IngestException">The topic can't be read; the message says what to do.</exception>
    public ConsumeResult<byte[], byte[]>? Take(TimeSpan patience, out SinkReading? outside)
    {
        outside = null;
        try
        {
            return _consumer.Consume(patience);
        }
        catch (ConsumeException exception) when (exception.Error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange)
        {
            outside = ReadingOf(exception.ConsumerRecord.Partition.Value);
            return null;
        }
        catch (KafkaException exception)
        {
            throw Refusal(exception);
        }
    }

    /// <summary>The first offset that the log of a partition has, and the one that its next record will have.</summary>
    /// <exception cref="IngestException">The broker does not say.</exception>
    public (long Begin, long End) LogSpan(SinkReading reading)
    {
        try
        {
            var span = _consumer.QueryWatermarkOffsets(TopicPartitionOf(reading), BrokerTimeout);
            return (span.Low.Value, span.High.Value);
        }
        catch (KafkaException exception)
        {
            throw Refusal(exception);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _consumer.Dispose();

    private TopicPartition TopicPartitionOf(SinkReading reading) => new(_settings.Topic, reading.Partition.Partition);

    private IngestException Refusal(KafkaException exception) => new(
        $"Bad records can't be read from topic '{_settings.Topic}' again ({exception.Error.Reason.TrimEnd('.')}). "
        + "Check that its brokers run and that the node's user may read it.",
        exception);
}
