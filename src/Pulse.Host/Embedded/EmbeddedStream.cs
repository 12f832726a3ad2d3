using Pulse.Actors.Broker;
using Pulse.Simulator.Broker;

namespace Pulse.Host.Embedded;

/// <summary>
/// The broker inside this process with the topics that a node needs. It keeps only the newest records of each
/// partition, so whoever produces must not run further ahead of the commits than
/// <see cref="RecordsUncommittedPerPartition"/>.
/// </summary>
internal sealed class EmbeddedStream : IDisposable
{
    /// <summary>Partitions of the event topic: each holds only a few megabytes.</summary>
    public const int Partitions = 16;

    /// <summary>
    /// How many records of a partition may wait for a commit: three quarters of what the broker keeps of records of 512
    /// bytes, which is what they are where batches are too small to be compressed well.
    /// </summary>
    public const long RecordsUncommittedPerPartition = EmbeddedBroker.RetainedBytesPerPartition / 512 * 3 / 4;

    /// <summary>The same of all partitions together, where records are spread evenly.</summary>
    public const long RecordsUncommitted = Partitions * RecordsUncommittedPerPartition;

    private readonly EmbeddedBroker _broker;

    private EmbeddedStream(EmbeddedBroker broker, KafkaSettings settings)
    {
        _broker = broker;
        Settings = settings;
    }

    /// <summary>How to reach the broker.</summary>
    public KafkaSettings Settings { get; }

    /// <summary>How another process finds it.</summary>
    /// <param name="address">The node's dashboard.</param>
    public BrokerNote NoteOf(string address) => new(_broker.BootstrapServers, _broker.StreamIdentity, Environment.ProcessId, address);

    /// <summary>Starts the broker and makes the topics.</summary>
    /// <exception cref="EmbeddedBrokerException">The native library can't host a broker here.</exception>
    public static EmbeddedStream Start(KafkaSettings settings)
    {
        var broker = EmbeddedBroker.Start();
        broker.CreateTopic(settings.Topic, Partitions);
        broker.CreateTopic(settings.CompletionTopic, 1);
        broker.CreateTopic(settings.DeadLetterTopic, 1);
        return new EmbeddedStream(broker, settings with
        {
            BootstrapServers = broker.BootstrapServers,
            StreamIdentity = broker.StreamIdentity,
        });
    }

    /// <inheritdoc />
    public void Dispose() => _broker.Dispose();
}
