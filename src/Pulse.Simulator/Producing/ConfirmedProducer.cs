using Confluent.Kafka;

namespace Pulse.Simulator.Producing;

/// <summary>
/// An idempotent producer that counts what Kafka confirmed and what it gave up on, and whose full queue makes the
/// caller wait. One thread produces; the counts may be read from any.
/// </summary>
internal sealed class ConfirmedProducer : IDisposable
{
    // Small enough that a stopped run is flushed at once, large enough for a few batches to every partition.
    private const int QueuedMessages = 100_000;
    private const int QueuedKilobytes = 64 * 1_024;
    private const int LingerMilliseconds = 25;
    private static readonly TimeSpan QueueRetryDelay = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan FlushStep = TimeSpan.FromMilliseconds(100);

    private readonly IProducer<byte[], byte[]> producer;
    private readonly Action<DeliveryReport<byte[], byte[]>> countReport;
    private long delivered;
    private long failed;
    private volatile string? firstFailure;

    internal ConfirmedProducer(SimulatorOptions options)
    {
        countReport = Count;
        var configuration = new ProducerConfig
        {
            BootstrapServers = options.BootstrapServers,
            ClientId = "pulse-simulator",
            Acks = Acks.All,
            EnableIdempotence = true,
            CompressionType = CompressionType.Lz4,
            LingerMs = LingerMilliseconds,
            QueueBufferingMaxMessages = QueuedMessages,
            QueueBufferingMaxKbytes = QueuedKilobytes,
            MessageTimeoutMs = (int)options.DeliveryTimeout.TotalMilliseconds,
            // The client insists that one request ends before the record that it carries is given up.
            RequestTimeoutMs = (int)Math.Min(options.DeliveryTimeout.TotalMilliseconds, 30_000),
            // The key alone decides the partition, as in the Java client.
            Partitioner = Partitioner.Murmur2Random,
            DeliveryReportFields = "status",
        };
        producer = new ProducerBuilder<byte[], byte[]>(configuration)
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, error) =>
            {
                if (error.IsFatal)
                    firstFailure ??= error.Reason;
            })
            .Build();
    }

    internal long Delivered => Interlocked.Read(ref delivered);

    internal long Failed => Interlocked.Read(ref failed);

    /// <summary>Why the first record was given up, or null.</summary>
    internal string? FirstFailure => firstFailure;

    /// <summary>Hands one record to the client.</summary>
    /// <param name="topic">Where it goes.</param>
    /// <param name="key">Decides the partition; null: any.</param>
    /// <param name="value">What it says.</param>
    /// <param name="timestamp">Its own timestamp; without one it gets the client's clock.</param>
    /// <returns>False when its queue is full: wait with <see cref="WaitForRoomAsync"/> and try the same again.</returns>
    /// <exception cref="SimulatorException">The client refuses the record for good.</exception>
    internal bool TryProduce(string topic, byte[]? key, byte[] value, Timestamp timestamp = default)
    {
        try
        {
            producer.Produce(
                topic, new Message<byte[], byte[]> { Key = key!, Value = value, Timestamp = timestamp }, countReport);
            return true;
        }
        catch (ProduceException<byte[], byte[]> failure) when (failure.Error.Code == ErrorCode.Local_QueueFull)
        {
            return false;
        }
        catch (ProduceException<byte[], byte[]> failure)
        {
            throw new SimulatorException(
                $"Kafka's client refused a record for '{topic}': {failure.Error.Reason}", failure);
        }
    }

    internal static Task WaitForRoomAsync(CancellationToken cancellation) =>
        Task.Delay(QueueRetryDelay, cancellation);

    /// <summary>Waits until every record is confirmed or given up, or the limit has passed.</summary>
    internal Task FlushAsync(TimeSpan limit, CancellationToken cancellation) => Task.Run(
        () =>
        {
            var deadline = Environment.TickCount64 + (long)limit.TotalMilliseconds;
            while (producer.Flush(FlushStep) > 0 && Environment.TickCount64 < deadline)
                cancellation.ThrowIfCancellationRequested();
        },
        cancellation);

    public void Dispose() => producer.Dispose();

    private void Count(DeliveryReport<byte[], byte[]> report)
    {
        if (!report.Error.IsError)
        {
            Interlocked.Increment(ref delivered);
            return;
        }

        firstFailure ??= report.Error.Reason;
        Interlocked.Increment(ref failed);
    }
}
