using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Pulse.Events;

namespace Pulse.Actors.Ingest;

/// <summary>
/// The Kafka record that keeps a bad record for whoever wants to know or repair it: key and value as they were, and in
/// headers, as UTF-8 texts, why it is bad and where it came from.
/// </summary>
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

    /// <summary>Header: there where key and value are left out, because the dead-letter topic does not take so much.</summary>
    public const string OmittedHeader = "pulse-omitted";

    /// <summary>Makes the record to send.</summary>
    /// <param name="badRecord">Why the source record is bad.</param>
    /// <param name="source">Where it came from: an actual offset.</param>
    /// <param name="sourceUnixMilliseconds">Its own Kafka timestamp.</param>
    /// <param name="key">Its key, null where it has none.</param>
    /// <param name="value">Its value, null where it has none.</param>
    /// <exception cref="ArgumentException">The record is not bad.</exception>
    public static Message<byte[], byte[]> Of(
        BadRecord badRecord, TopicPartitionOffset source, long sourceUnixMilliseconds, byte[]? key, byte[]? value)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!badRecord.IsBad)
            throw new ArgumentException("A viewing event is no dead letter.", nameof(badRecord));

        return new Message<byte[], byte[]>
        {
            // Confluent.Kafka sends null keys and values as such; its annotations just don't say so.
            Key = key!,
            Value = value!,
            Headers = new Headers
            {
                { ReasonHeader, Utf8(badRecord.ToString()) },
                { SourceTopicHeader, Utf8(source.Topic) },
                { SourcePartitionHeader, Utf8(source.Partition.Value) },
                { SourceOffsetHeader, Utf8(source.Offset.Value) },
                { SourceTimestampHeader, Utf8(sourceUnixMilliseconds) },
            },
        };
    }

    /// <summary>The same record without key and value, for where it is too large; its headers say where to find it.</summary>
    public static Message<byte[], byte[]> WithoutContent(Message<byte[], byte[]> deadLetter)
    {
        ArgumentNullException.ThrowIfNull(deadLetter);
        var headers = new Headers();
        foreach (var header in deadLetter.Headers)
            headers.Add(header.Key, header.GetValueBytes());
        headers.Add(OmittedHeader, Utf8("larger than the dead-letter topic allows"));
        return new Message<byte[], byte[]> { Key = null!, Value = null!, Headers = headers };
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Utf8(long number) => Utf8(number.ToString(CultureInfo.InvariantCulture));
}
