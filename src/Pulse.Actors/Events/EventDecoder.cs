using Pulse.Actors.Rollups;

namespace Pulse.Actors.Events;

/// <summary>
/// Decodes viewing events from UTF-8 JSON, touching only the fields that the given dimensions need. Values are
/// interned per dimension to small integers; no string is made for an event whose values have been seen before.
/// Not thread-safe: each partition ingestor has its own.
/// </summary>
public sealed class EventDecoder
{
    /// <summary>The longest accepted text of a dimension, in bytes of UTF-8 after unescaping.</summary>
    public const int MaximumTextBytes = 256;

    /// <summary>Makes a decoder.</summary>
    /// <param name="dimensions">The dimensions to decode, without repetition.</param>
    public EventDecoder(IReadOnlyList<Dimension> dimensions) => throw new NotImplementedException();

    /// <summary>The dimensions decoded, in the order of the value identifiers that <see cref="Decode"/> gives.</summary>
    public IReadOnlyList<Dimension> Dimensions => throw new NotImplementedException();

    /// <summary>Decodes one record.</summary>
    /// <param name="payload">The record's value.</param>
    /// <param name="recordUnixMilliseconds">
    /// The Kafka record's own timestamp: what "in the future" is measured against, so that a replay judges alike.
    /// </param>
    /// <param name="valueIds">Receives one interned identifier per dimension; has as many places as dimensions.</param>
    /// <param name="eventUnixMilliseconds">The event's timestamp, in milliseconds since 1970-01-01T00:00:00Z.</param>
    /// <returns><see cref="BadRecord.None"/>, or why it is bad; then the other results mean nothing.</returns>
    public BadRecord Decode(
        ReadOnlySpan<byte> payload, long recordUnixMilliseconds, Span<int> valueIds, out long eventUnixMilliseconds) =>
        throw new NotImplementedException();

    /// <summary>The text behind an interned identifier of a dimension.</summary>
    /// <param name="dimension">The dimension's index in <see cref="Dimensions"/>.</param>
    /// <param name="valueId">An identifier that <see cref="Decode"/> gave for it; identifiers count up from 0.</param>
    public string Text(int dimension, int valueId) => throw new NotImplementedException();
}
