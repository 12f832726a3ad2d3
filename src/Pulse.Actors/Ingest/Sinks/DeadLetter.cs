using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Pulse.Events;

namespace Pulse.Actors.Ingest.Sinks;

/// <summary>
/// The Kafka record that keeps a bad record for whoever wants to know or repair it: key, value and headers as they were, and
/// in headers of Pulse's, as UTF-8 texts, why it is bad and where it came from.
/// </summary>
/// <remarks>
/// Names that begin with <c>pulse-</c> are Pulse's alone. A source header with such a name, as a dead letter has that was sent
/// to a topic of events once more, is kept as <c>source-pulse-…</c>.
/// </remarks>
public static class DeadLetter
{
    /// <summary>Header: why the record is bad, such as <c>MissingField DeviceType</c>.</summary>
    public const string ReasonHeader = "pulse-reason";

    /// <summary>Header: the topic that the record came from.</summary>
    public const string SourceTopicHeader = "pulse-source-topic";

    /// <summary>Header: the partition that the record came from, in decimal.</summary>
    public const string SourcePartitionHeader = "pulse-source-partition";

    /// <summary>Header: the offset that the record came from, in decimal.</summary>
    public const string SourceOffsetHeader = "pulse-source-offset";

    /// <summary>
    /// Header: the record's own Kafka timestamp in milliseconds since 1970-01-01T00:00:00Z, in decimal;
    /// <see cref="EventDecoder.NoRecordTimestamp"/> where it has none.
    /// </summary>
    public const string SourceTimestampHeader = "pulse-source-timestamp";

    /// <summary>How the names of Pulse's own headers begin.</summary>
    public const string OwnPrefix = "pulse-";

    /// <summary>What is put before the name of a source header that begins like Pulse's own.</summary>
    public const string SourcePrefix = "source-";

    /// <summary>Header: there where key, value and source headers are left out, because the dead-letter topic does not take so much.</summary>
    public const string OmittedHeader = "pulse-omitted";

    /// <summary>Makes the record to send.</summary>
    /// <param name="badRecord">Why the source record is bad.</param>
    /// <param name="source">Where it came from: an actual offset.</param>
    /// <param name="sourceUnixMilliseconds">Its own Kafka timestamp.</param>
    /// <param name="key">Its key, null where it has none.</param>
    /// <param name="value">Its value, null where it has none.</param>
    /// <param name="sourceHeaders">Its headers, null where it has none.</param>
    /// <exception cref="ArgumentException">The record is not bad.</exception>
    public static Message<byte[], byte[]> Of(
        BadRecord badRecord,
        TopicPartitionOffset source,
        long sourceUnixMilliseconds,
        byte[]? key,
        byte[]? value,
        Headers? sourceHeaders = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!badRecord.IsBad)
            throw new ArgumentException("A viewing event is no dead letter.", nameof(badRecord));

        var headers = new Headers
        {
            { ReasonHeader, Utf8(badRecord.ToString()) },
            { SourceTopicHeader, Utf8(source.Topic) },
            { SourcePartitionHeader, Utf8(source.Partition.Value) },
            { SourceOffsetHeader, Utf8(source.Offset.Value) },
            { SourceTimestampHeader, Utf8(sourceUnixMilliseconds) },
        };
        foreach (var header in sourceHeaders ?? [])
            headers.Add(SourceNameOf(header.Key), header.GetValueBytes());
        // Confluent.Kafka sends null keys and values as such; its annotations just don't say so.
        return new Message<byte[], byte[]> { Key = key!, Value = value!, Headers = headers };
    }

    /// <summary>
    /// The same record without key, value and source headers, for where it is too large; its own headers say where to find it.
    /// </summary>
    public static Message<byte[], byte[]> WithoutContent(Message<byte[], byte[]> deadLetter)
    {
        ArgumentNullException.ThrowIfNull(deadLetter);
        var headers = new Headers();
        foreach (var header in deadLetter.Headers.Where(header => header.Key.StartsWith(OwnPrefix, StringComparison.Ordinal)))
            headers.Add(header.Key, header.GetValueBytes());
        headers.Add(OmittedHeader, Utf8("larger than the dead-letter topic allows"));
        return new Message<byte[], byte[]> { Key = null!, Value = null!, Headers = headers };
    }

    private static string SourceNameOf(string name) =>
        name.StartsWith(OwnPrefix, StringComparison.Ordinal) ? SourcePrefix + name : name;

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Utf8(long number) => Utf8(number.ToString(CultureInfo.InvariantCulture));
}
