using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Counting;

namespace Pulse.Host.Dashboard;

/// <summary>One record that was no viewing event.</summary>
/// <param name="AtUtc">When it was put aside; the first instant of 1970 where the record does not say.</param>
/// <param name="Reason">Why.</param>
/// <param name="SourceTopic">Where it came from.</param>
/// <param name="SourcePartition">Where it came from.</param>
/// <param name="SourceOffset">Where it came from.</param>
/// <param name="Offset">Its offset in the dead-letter topic.</param>
/// <param name="Key">The first characters of its key; null where it has none, which is not the same as an empty one.</param>
/// <param name="Value">The first characters of its value; null where it has none.</param>
/// <param name="IsOmitted">Whether key and value are left out, because the dead-letter topic does not take so much.</param>
internal sealed record DeadLetterItem(
    DateTime AtUtc,
    string Reason,
    string SourceTopic,
    long SourcePartition,
    long SourceOffset,
    long Offset,
    string? Key,
    string? Value,
    bool IsOmitted)
{
    private const int ValueLength = 400;

    /// <summary>For people: what there is in place of characters where the value has none.</summary>
    internal string Absence => IsOmitted ? "left out: too large" : Value is null ? "no value" : "empty value";

    /// <summary>Reads a record of the dead-letter topic, whoever wrote it: others than Pulse may, and leave out what Pulse writes.</summary>
    public static DeadLetterItem Of(ConsumeResult<byte[], byte[]> record) => new(
        TimeRange.Holds(record.Message.Timestamp.UnixTimestampMs) ? record.Message.Timestamp.UtcDateTime : DateTime.UnixEpoch,
        Header(record, DeadLetter.ReasonHeader),
        Header(record, DeadLetter.SourceTopicHeader),
        Number(Header(record, DeadLetter.SourcePartitionHeader)),
        Number(Header(record, DeadLetter.SourceOffsetHeader)),
        record.Offset.Value,
        Text(record.Message.Key),
        Text(record.Message.Value),
        record.Message.Headers?.TryGetLastBytes(DeadLetter.OmittedHeader, out _) is true);

    // A header may be there without a value.
    private static string Header(ConsumeResult<byte[], byte[]> record, string name) =>
        record.Message.Headers is { } headers && headers.TryGetLastBytes(name, out var bytes) && bytes is not null
            ? Encoding.UTF8.GetString(bytes)
            : "";

    private static long Number(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : -1;

    private static string? Text(byte[]? value)
    {
        if (value is null)
            return null;
        var text = Encoding.UTF8.GetString(value.AsSpan(0, Math.Min(value.Length, ValueLength)));
        return value.Length > ValueLength ? text + "…" : text;
    }
}
