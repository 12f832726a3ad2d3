using Confluent.Kafka;

namespace Pulse.Simulator.Producing;

/// <summary>
/// An idempotent producer that counts what Kafka confirmed and what it gave up on, and whose full queue makes the
/// caller wait. One thread produces; the counts may be read from any.
/// </summary>
internal sealed class ConfirmedProducer : IRecordProducer
{
    private static readonly TimeSpan FlushStep = TimeSpan.FromMilliseconds(100);

    private readonly IProducer<byte[], byte[]> producer;
    private readonly Action<DeliveryReport<byte[], byte[]>> countReport;
    private long delivered;
    private long failed;
    private volatile string? firstFailure;

    internal ConfirmedProducer(SimulatorOptions options)
    {
        countReport = Count;
        producer = ProducerClient.Build(options, transactionalId: null, onFatal: reason => firstFailure ??= reason);
    }

    /// <inheritdoc />
    public long Delivered => Interlocked.Read(ref delivered);

    /// <inheritdoc />
    public long Failed => Interlocked.Read(ref failed);

    /// <inheritdoc />
    public string? FirstFailure => firstFailure;

    /// <inheritdoc />
    public bool TryProduce(string topic, byte[]? key, byte[] value, Timestamp timestamp = default)
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

    /// <inheritdoc />
    public Task FlushAsync(TimeSpan limit, CancellationToken cancellation) => Task.Run(
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
