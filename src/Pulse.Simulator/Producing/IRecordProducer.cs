using Confluent.Kafka;

namespace Pulse.Simulator.Producing;

/// <summary>
/// Hands records to Kafka and counts what Kafka confirmed and what was given up. One thread produces; the counts may be read from
/// any.
/// </summary>
internal interface IRecordProducer : IDisposable
{
    /// <summary>Records that Kafka confirmed.</summary>
    long Delivered { get; }

    /// <summary>Records that were given up.</summary>
    long Failed { get; }

    /// <summary>Why the first record was given up, or null.</summary>
    string? FirstFailure { get; }

    /// <summary>Hands over one record.</summary>
    /// <param name="topic">Where it goes.</param>
    /// <param name="key">Decides the partition; null: any.</param>
    /// <param name="value">What it says.</param>
    /// <param name="timestamp">Its own timestamp; without one it gets the client's clock.</param>
    /// <returns>False when there is no room: wait a moment and try the same again.</returns>
    /// <exception cref="SimulatorException">The record is refused for good.</exception>
    bool TryProduce(string topic, byte[]? key, byte[] value, Timestamp timestamp = default);

    /// <summary>Waits until every record is confirmed or given up, or the limit has passed.</summary>
    Task FlushAsync(TimeSpan limit, CancellationToken cancellation);
}
