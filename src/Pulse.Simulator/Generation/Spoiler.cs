using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pulse.Simulator.Generation;

/// <summary>Turns a good event's bytes into a malformed record. Rare, so it may take its time.</summary>
internal static class Spoiler
{
    private static readonly MalformedKind[] Kinds =
        [.. Enum.GetValues<MalformedKind>().Where(kind => kind != MalformedKind.None)];

    private static readonly string[] NeededFields =
        ["UserAge", "UserGender", "UserLocation", "DeviceType", "Genre", "MaturityRating", "EventTimestamp"];

    private static readonly string[] NeededTexts = ["UserGender", "UserLocation", "DeviceType", "Genre", "MaturityRating"];

    private static readonly string[] NotJsonTexts =
        ["this is not JSON", "<event><Genre>Drama</Genre></event>", "EventId=1,Genre=Drama", "{'Genre': 'Drama'}"];

    private static readonly string[] NotObjectTexts = ["[1,2,3]", "42", "\"Drama\"", "null", "true"];

    private static readonly string[] TrailingTexts = ["{", "}", ",", " {\"Genre\":\"Drama\"}", "x"];

    private static readonly string[] BadTimestamps =
        ["yesterday", "", "2026-13-45T10:00:00Z", "2026-02-30T10:00:00Z", "01/02/2026 10:00", "T10:00:00Z"];

    private static readonly string[] OldTimestamps =
        ["1969-12-31T23:59:59.999Z", "1970-01-01T00:59:59.999+01:00", "1900-06-15T12:00:00Z", "0001-01-01T00:00:00Z"];

    private static readonly string[] FutureTimestamps =
        ["2999-01-01T00:00:00.000Z", "2500-06-15T12:00:00Z", "9999-12-31T23:59:59.999Z"];

    private static readonly string[] Ages = ["-1", "-40", "1000", "2147483648", "33.5"];

    // An overlong encoding, a lone continuation byte, a byte that UTF-8 never uses, a cut-off sequence, a surrogate.
    private static readonly byte[][] InvalidSequences =
        [[0xC0, 0xAF], [0x80], [0xFF], [0xE2, 0x82], [0xED, 0xA0, 0x80]];

    internal static MalformedKind ChooseKind(ref RandomStream random) => Kinds[random.NextBelow(Kinds.Length)];

    internal static byte[] Spoil(ReadOnlySpan<byte> good, MalformedKind kind, ref RandomStream random) => kind switch
    {
        MalformedKind.NotJson => Encoding.UTF8.GetBytes(Choose(NotJsonTexts, ref random)),
        MalformedKind.Truncated => good[..(1 + random.NextBelow(good.Length - 1))].ToArray(),
        MalformedKind.Empty => [],
        MalformedKind.NotAnObject => Encoding.UTF8.GetBytes(Choose(NotObjectTexts, ref random)),
        MalformedKind.TrailingText => [.. good, .. Encoding.UTF8.GetBytes(Choose(TrailingTexts, ref random))],
        MalformedKind.MissingField => Without(good, Choose(NeededFields, ref random)),
        MalformedKind.WrongType => WithWrongType(good, ref random),
        MalformedKind.BadTimestamp => WithTimestamp(good, Choose(BadTimestamps, ref random)),
        MalformedKind.BeforeTheYear1970 => WithTimestamp(good, Choose(OldTimestamps, ref random)),
        MalformedKind.FarFuture => WithTimestamp(good, Choose(FutureTimestamps, ref random)),
        MalformedKind.AgeOutOfRange => With(good, "UserAge", JsonNode.Parse(Choose(Ages, ref random))),
        MalformedKind.InvalidUtf8 => WithInvalidUtf8(good, ref random),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is nothing to spoil."),
    };

    private static T Choose<T>(T[] values, ref RandomStream random) => values[random.NextBelow(values.Length)];

    private static byte[] WithWrongType(ReadOnlySpan<byte> good, ref RandomStream random) => random.NextBelow(5) switch
    {
        0 => With(good, "UserAge", JsonValue.Create("unknown")),
        1 => With(good, Choose(NeededFields, ref random), null),
        2 => With(good, Choose(NeededTexts, ref random), new JsonArray("Drama", "Horror")),
        3 => With(good, Choose(NeededTexts, ref random), new JsonObject { ["name"] = "Drama" }),
        _ => With(good, Choose(NeededTexts, ref random), JsonValue.Create(7)),
    };

    private static byte[] WithTimestamp(ReadOnlySpan<byte> good, string timestamp) =>
        With(good, "EventTimestamp", JsonValue.Create(timestamp));

    private static byte[] WithInvalidUtf8(ReadOnlySpan<byte> good, ref RandomStream random)
    {
        var field = Encoding.UTF8.GetBytes($"\"{Choose(NeededTexts, ref random)}\":\"");
        var value = good.IndexOf(field) + field.Length;
        return [.. good[..value], .. Choose(InvalidSequences, ref random), .. good[value..]];
    }

    private static byte[] Without(ReadOnlySpan<byte> good, string field)
    {
        var fields = Fields(good);
        fields.Remove(field);
        return Bytes(fields);
    }

    private static byte[] With(ReadOnlySpan<byte> good, string field, JsonNode? value)
    {
        var fields = Fields(good);
        fields[field] = value;
        return Bytes(fields);
    }

    private static JsonObject Fields(ReadOnlySpan<byte> good) => JsonNode.Parse(good)!.AsObject();

    private static byte[] Bytes(JsonObject fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonFragment.Writing))
            fields.WriteTo(writer);
        return buffer.WrittenSpan.ToArray();
    }
}
