using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Pulse.Events;

namespace Pulse.Actors.Tests.Events;

/// <summary>What people are told of a value that is no viewing event.</summary>
public sealed class ValueStartTests
{
    private static readonly byte[] Event = new SampleEvent().ToBytes();

    public static TheoryData<string, byte[], string> Formats { get; } = new()
    {
        { "registry and JSON", [0, 0, 0, 0, 1, .. Event], "a schema registry's prefix, the byte 00 and the four bytes of the schema's id, here 1 (the Confluent wire format), and JSON after it." },
        { "registry and Avro", [0, 0, 0, 1, 2, 0x12, 0x48], "here 258 (the Confluent wire format), and Avro or Protobuf after it." },
        { "mark", [0xEF, 0xBB, 0xBF, .. Event], "a byte order mark (UTF-8)." },
        { "UTF-16 with a mark", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("{\"a\":1}")], "UTF-16." },
        { "UTF-16", Encoding.Unicode.GetBytes("{\"a\":1}"), "UTF-16." },
        { "big-endian UTF-16", Encoding.BigEndianUnicode.GetBytes("{\"a\":1}"), "UTF-16." },
        { "UTF-32", [.. Encoding.UTF32.GetPreamble(), .. Encoding.UTF32.GetBytes("{}")], "UTF-32." },
        { "gzip", Compressed(stream => new GZipStream(stream, CompressionLevel.Fastest)), "gzip within the value." },
        { "zlib", Compressed(stream => new ZLibStream(stream, CompressionLevel.Optimal)), "zlib within the value." },
        { "change data", Wrapped("{\"after\":", "}"), "an envelope of change data, such as Debezium's" },
        { "change data with a before", Wrapped("{\"before\":null,\"op\":\"c\",\"after\":", "}"), "an envelope of change data, such as Debezium's" },
        { "Connect", Wrapped("{\"schema\":{\"type\":\"struct\",\"fields\":[]},\"payload\":", "}"), "an envelope of Kafka Connect" },
        { "Connect that is cut", Wrapped("{\"payload\":{\"after\":", ""), "an envelope of Kafka Connect" },
        { "CloudEvents", Wrapped("{\"specversion\":\"1.0\",\"data\":", "}"), "an envelope of CloudEvents." },
        { "twice JSON", Encoding.UTF8.GetBytes("\"{\\\"DeviceType\\\":1}\""), "a JSON text: the event was probably made JSON twice" },
        { "array", [(byte)'[', .. Event, (byte)']'], "a JSON array." },
        { "Protobuf", [0x0A, 0x06, .. "Mobile"u8], "Protobuf." },
        { "Java", [0xAC, 0xED, 0x00, 0x05, 0x73], "a serialized Java object." },
        { "Python", Encoding.UTF8.GetBytes("{'DeviceType': 'Mobile'}"), "single quotation marks" },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_format_is_known_by_its_start(string name, byte[] value, string kind) =>
        Assert.True(ValueStart.Of(value).Kind?.Contains(kind, StringComparison.Ordinal), $"{name}: {ValueStart.Of(value)}");

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("\n{\"DeviceType\":7}")]
    [InlineData("{\"DeviceType\":\"Mobile\",\"after\":1,\"EventTimestamp\":5}")]
    [InlineData("hello")]
    public void Of_what_is_only_bad_nothing_is_claimed(string value) => Assert.Null(ValueStart.Of(Encoding.UTF8.GetBytes(value)).Kind);

    [Fact]
    public void Sixteen_bytes_are_shown_and_their_letters()
    {
        Assert.Equal("00 00 00 00 01 7B 22 45 76 65 6E 74 49 64 22 3A … (.....{\"EventId\":)", ValueStart.Of([0, 0, 0, 0, 1, .. Event]).Bytes);
        Assert.Equal("00 FF 0A", ValueStart.Of([0, 0xFF, 0x0A]).Bytes);
        Assert.Equal("nothing: the value is empty", ValueStart.Of([]).Bytes);
        // What a terminal would take for a command is not shown as text.
        Assert.Equal("1B 5B 32 4A (.[2J)", ValueStart.Of("\u001b[2J"u8).Bytes);
    }

    [Fact]
    public void Whatever_a_value_is_it_is_looked_at()
    {
        var random = new Random(5);
        var bytes = new byte[40];
        for (var round = 0; round < 10_000; round++)
        {
            random.NextBytes(bytes);
            // Half of them begin like JSON, and break somewhere.
            if (round % 2 == 0)
                Event.AsSpan(0, random.Next(bytes.Length)).CopyTo(bytes);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(random.Next(36)), round);
            Assert.InRange(ValueStart.Of(bytes.AsSpan(0, random.Next(bytes.Length))).ToString().Length, 1, 400);
        }
    }

    private static byte[] Wrapped(string before, string after) => [.. Encoding.UTF8.GetBytes(before), .. Event, .. Encoding.UTF8.GetBytes(after)];

    private static byte[] Compressed(Func<Stream, Stream> compress)
    {
        var bytes = new MemoryStream();
        using (var stream = compress(bytes))
            stream.Write(Event);
        return bytes.ToArray();
    }
}
