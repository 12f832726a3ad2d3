using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Pulse.Events;

/// <summary>
/// How the value of a record that is no viewing event begins, for people: a few bytes, and what they usually mean. A whole producer
/// that writes another format shows itself by them.
/// </summary>
/// <param name="Bytes">The first bytes in hexadecimal, and as text where they are printable.</param>
/// <param name="Kind">What begins like that, and what to do about it; null where that is not known.</param>
public sealed record ValueStart(string Bytes, string? Kind)
{
    /// <summary>How many bytes are shown: enough to know a format by, and little of what is in a record.</summary>
    public const int ShownBytes = 16;

    private const int RegistryPrefixBytes = 5;

    private static readonly (byte[] Start, string Kind)[] Known =
    [
        ([0xEF, 0xBB, 0xBF], "a byte order mark (UTF-8). JSON has none: have the producer leave it out"),
        ([0xFF, 0xFE, 0x00, 0x00], "UTF-32. JSON between systems is UTF-8"),
        ([0x00, 0x00, 0xFE, 0xFF], "UTF-32. JSON between systems is UTF-8"),
        ([0xFF, 0xFE], "UTF-16. JSON between systems is UTF-8"),
        ([0xFE, 0xFF], "UTF-16. JSON between systems is UTF-8"),
        ([(byte)'{', 0x00], "UTF-16. JSON between systems is UTF-8"),
        ([0x00, (byte)'{'], "UTF-16. JSON between systems is UTF-8"),
        ([0x1F, 0x8B], "gzip within the value. Set the producer's compression.type instead, which Kafka undoes"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd within the value. Set the producer's compression.type instead, which Kafka undoes"),
        ([0x04, 0x22, 0x4D, 0x18], "LZ4 within the value. Set the producer's compression.type instead, which Kafka undoes"),
        ([0x82, .. "SNAPPY"u8, 0x00], "Snappy within the value. Set the producer's compression.type instead, which Kafka undoes"),
        ([0xFF, 0x06, 0x00, 0x00, .. "sNaPpY"u8], "Snappy within the value. Set the producer's compression.type instead, which Kafka undoes"),
        ([0x78, 0x01], "zlib within the value. Set the producer's compression.type instead, which Kafka undoes"),
        ([0x78, 0x9C], "zlib within the value. Set the producer's compression.type instead, which Kafka undoes"),
        ([0x78, 0xDA], "zlib within the value. Set the producer's compression.type instead, which Kafka undoes"),
        ([.. "PK"u8, 0x03, 0x04], "a ZIP archive. Pulse reads one JSON object a record"),
        ([.. "Obj"u8, 0x01], "an Avro file. Pulse reads one JSON object a record"),
        ([0xC3, 0x01], "Avro, each record with its schema's fingerprint. Pulse reads JSON"),
        ([.. "PAR1"u8], "a Parquet file. Pulse reads one JSON object a record"),
        ([0xAC, 0xED, 0x00, 0x05], "a serialized Java object. Give the producer a serializer that writes JSON as text"),
        ([.. "\""u8], "a JSON text: the event was probably made JSON twice"),
        ([.. "["u8], "a JSON array. Pulse reads one event a record"),
        ([.. "<"u8], "XML. Pulse reads JSON"),
        ([.. "{'"u8], "single quotation marks, which JSON does not know. Have the producer write JSON"),
    ];

    /// <summary>Looks at a value.</summary>
    public static ValueStart Of(ReadOnlySpan<byte> value) => new(Shown(value), KindOf(value));

    /// <summary>For a line, after "begins with".</summary>
    public override string ToString() => Kind is null ? Bytes : $"{Bytes}, as does {Kind}";

    private static string Shown(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            return "nothing: the value is empty";
        var shown = value[..Math.Min(value.Length, ShownBytes)];
        var (hex, text) = (new StringBuilder(), new StringBuilder());
        var isPrintable = false;
        foreach (var each in shown)
        {
            hex.Append(CultureInfo.InvariantCulture, $"{each:X2} ");
            var isLetter = each is >= 0x20 and < 0x7F;
            isPrintable |= isLetter;
            text.Append(isLetter ? (char)each : '.');
        }

        if (value.Length > ShownBytes)
            hex.Append('…');
        return isPrintable ? $"{hex.ToString().TrimEnd()} ({text})" : hex.ToString().TrimEnd();
    }

    private static string? KindOf(ReadOnlySpan<byte> value)
    {
        foreach (var (start, kind) in Known)
        {
            if (value.StartsWith(start))
                return kind;
        }

        return RegistryPrefix(value) ?? JsonEnvelope.Of(value) ?? Protobuf(value);
    }

    // Field 1 as a number or as text. Before JSON there may be an empty line.
    private static string? Protobuf(ReadOnlySpan<byte> value) =>
        value is [0x08 or 0x0A, not ((byte)'{' or (byte)' ' or 0x0A or 0x0D), ..] ? "Protobuf. Pulse reads JSON" : null;

    private static string? RegistryPrefix(ReadOnlySpan<byte> value)
    {
        if (value.Length <= RegistryPrefixBytes || value[0] != 0)
            return null;
        var schema = BinaryPrimitives.ReadInt32BigEndian(value[1..]);
        var content = value[RegistryPrefixBytes] == (byte)'{' ? "JSON" : "Avro or Protobuf";
        return schema < 0 ? null : FormattableString.Invariant(
            $"a schema registry's prefix, the byte 00 and the four bytes of the schema's id, here {schema} (the Confluent wire format), and {content} after it. Have the producer write JSON alone, with a serializer of texts");
    }
}
