using System.Text;
using Confluent.Kafka;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Events;

namespace Pulse.Actors.Tests.Ingest.Sinks;

public sealed class DeadLetterTests
{
    private static readonly BadRecord Missing = new(BadRecordReason.MissingField, EventField.DeviceType);
    private static readonly TopicPartitionOffset Source = new("netflix-event", 3, 9_876_543_210);

    private static string[] HeadersOf(Message<byte[], byte[]> message) =>
        [.. message.Headers.Select(header => $"{header.Key}={Encoding.UTF8.GetString(header.GetValueBytes())}")];

    [Fact]
    public void Keeps_the_bytes_and_says_why_and_from_where()
    {
        byte[] key = [0, 1, 0xFF];
        byte[] value = [0xC3, (byte)'{'];

        var letter = DeadLetter.Of(Missing, Source, 1_767_225_600_123, key, value);

        Assert.Equal([0, 1, 0xFF], letter.Key);
        Assert.Equal([0xC3, (byte)'{'], letter.Value);
        Assert.Equal(
            [
                "pulse-reason=MissingField DeviceType",
                "pulse-source-topic=netflix-event",
                "pulse-source-partition=3",
                "pulse-source-offset=9876543210",
                "pulse-source-timestamp=1767225600123",
            ],
            HeadersOf(letter));
    }

    [Fact]
    public void A_tombstone_without_key_and_timestamp_stays_one()
    {
        var empty = new BadRecord(BadRecordReason.Empty, EventField.None);

        var letter = DeadLetter.Of(empty, Source, EventDecoder.NoRecordTimestamp, null, null);

        Assert.Null(letter.Key);
        Assert.Null(letter.Value);
        Assert.Contains("pulse-reason=Empty", HeadersOf(letter));
        Assert.Contains("pulse-source-timestamp=-1", HeadersOf(letter));
    }

    [Fact]
    public void Keeps_the_source_s_headers_beside_its_own_and_no_source_can_pretend_to_be_Pulse()
    {
        Headers source = new()
        {
            { "trace", [1, 2] },
            { "trace", [3] },
            { "nothing", null },
            { "pulse-reason", "Forged"u8.ToArray() },
            { "pulse-omitted", "Forged"u8.ToArray() },
        };

        var letter = DeadLetter.Of(Missing, Source, 0, null, [], source);

        Assert.Equal(
            ["trace:0102", "trace:03", "nothing:null", "source-pulse-reason:466F72676564", "source-pulse-omitted:466F72676564"],
            letter.Headers.Skip(5).Select(header =>
                $"{header.Key}:{(header.GetValueBytes() is { } bytes ? Convert.ToHexString(bytes) : "null")}"));
        Assert.False(letter.Headers.TryGetLastBytes(DeadLetter.OmittedHeader, out _));
        Assert.Equal("MissingField DeviceType", Encoding.UTF8.GetString(letter.Headers.Single(header => header.Key == "pulse-reason").GetValueBytes()));
    }

    [Fact]
    public void Without_content_only_what_tells_where_to_find_it_is_left()
    {
        var letter = DeadLetter.WithoutContent(DeadLetter.Of(Missing, Source, 0, [1], [2], new Headers { { "large", new byte[9] } }));

        Assert.Null(letter.Key);
        Assert.Null(letter.Value);
        Assert.Equal(
            ["pulse-reason", "pulse-source-topic", "pulse-source-partition", "pulse-source-offset", "pulse-source-timestamp", "pulse-omitted"],
            letter.Headers.Select(header => header.Key));
    }

    [Fact]
    public void A_good_record_is_no_dead_letter() =>
        Assert.Throws<ArgumentException>(() => DeadLetter.Of(BadRecord.None, Source, 0, null, []));
}
