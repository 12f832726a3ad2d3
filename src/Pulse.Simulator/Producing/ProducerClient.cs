using Confluent.Kafka;

namespace Pulse.Simulator.Producing;

/// <summary>The Kafka client that both kinds of producers have.</summary>
internal static class ProducerClient
{
    // Small enough that a stopped run is flushed at once, large enough for a few batches to every partition.
    private const int QueuedMessages = 100_000;
    private const int QueuedKilobytes = 64 * 1_024;
    private const int LingerMilliseconds = 25;
    private const int LeastTransactionMilliseconds = 60_000;

    /// <summary>Makes a client; it connects by itself.</summary>
    /// <param name="options">The brokers, and how patient it is.</param>
    /// <param name="transactionalId">Null for a producer without transactions.</param>
    /// <param name="onFatal">Receives why the client can't go on.</param>
    internal static IProducer<byte[], byte[]> Build(SimulatorOptions options, string? transactionalId, Action<string> onFatal)
    {
        var patience = (int)options.DeliveryTimeout.TotalMilliseconds;
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
            MessageTimeoutMs = patience,
            // The client insists that one request ends before the record that it carries is given up.
            RequestTimeoutMs = Math.Min(patience, 30_000),
            // The key alone decides the partition, as in the Java client.
            Partitioner = Partitioner.Murmur2Random,
            DeliveryReportFields = "status",
        };
        if (transactionalId is not null)
        {
            configuration.TransactionalId = transactionalId;
            configuration.TransactionTimeoutMs = Math.Max(patience, LeastTransactionMilliseconds);
        }

        return new ProducerBuilder<byte[], byte[]>(configuration)
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, error) =>
            {
                if (error.IsFatal)
                    onFatal(error.Reason);
            })
            .Build();
    }
}
