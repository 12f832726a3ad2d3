using System.Text;
using System.Text.Json;
using CsCheck;

namespace Pulse.Actors.Tests.Events;

/// <summary>Generators of records: from the producer's own to whatever bytes.</summary>
internal static class RandomRecords
{
    private static readonly string[] Names = [.. new SampleEvent().Fields.Select(field => field.Key)];

    private static readonly Gen<string> Texts = Gen.OneOf(
        "Drama", "Smart TV", "", " ", "Korea, South", "日本", "Ünï", "😀😀", "\"Genre\":\"x\"", "{", "}]", "\\", "\u007f",
        "a\u0001", "\u0085", new string('é', 128), new string('é', 129), "2025-02-03T04:05:06", "2025-02-03 04:05:06.25-0330",
        "2026-01-03T00:00:00Z", "1999-12-31T23:59:59Z", "1969-12-31T23:59:59Z", "9000-12-31T23:59:59-01", "2025-02-30T00:00:00Z", "2025-02-03T04:05+0130",
        "2025-02-03t04:05:06,123456789z", "2016-12-31T23:59:60Z", "2025-02-03T04:05:60Z", "0001-01-01T00:00:60+14");

    private static readonly Gen<string> Numbers = Gen.OneOf(
        Gen.Int[0, 160].Select(number => $"{number}"),
        Gen.Int[990, 10_010].Select(number => $"{number}"),
        Gen.OneOf("-0", "0", "-1", "1.0", "1e2", "1E+2", "0.5e-7", "99999999999999999999"));

    private static readonly Gen<string> Strings = Gen.OneOf(
        Texts.Select(text => Quoted(text)),
        Gen.Select(Texts, Gen.Int[0, 9]).Select((text, every) => Escaped(text, every)),
        Gen.String.Select(text => JsonSerializer.Serialize(text)),
        Gen.OneOf("\"\\ud800\"", "\"x\\udc00\\ud800y\"", "\"\\uD83D\\uDE00\"", "\"\\b\\f\\n\\r\\t\\/\\\\\\\"\""));

    private static readonly Gen<string> Scalars =
        Gen.OneOf(Strings, Numbers, Gen.OneOf("null", "true", "false"));

    private static readonly Gen<string> Nested = Gen.OneOf(
        Gen.Select(Gen.OneOf(Names), Scalars).Select((name, value) => $"{{\"{name}\":{value}}}"),
        Gen.Select(Gen.OneOf(Names), Scalars)
            .Select((name, value) => $"[{value}, {{ \"{name}\": [{{\"{name}\":{value}}}] }}]"),
        Gen.OneOf("{}", "[]", "[ [ ] ]"));

    private static readonly Gen<string> Whitespace = Gen.Frequency(
        (6, Gen.Const("")), (3, Gen.Const(" ")), (1, Gen.OneOf("  ", "\n", "\t", "\r\n    ")));

    private static readonly Gen<(string Name, string Value)> Extras = Gen.Select(
        Gen.Frequency((4, Gen.OneOf(Names)), (1, Texts)), Gen.Frequency((4, Scalars), (1, Nested)));

    /// <summary>The producer's own records with other values here and there, on one line: what the scan is for.</summary>
    public static Gen<byte[]> Usual { get; } = Gen.Select(
        Gen.OneOf(Names), Scalars, Gen.OneOf(",", ", "), Gen.OneOf(":", ": "), Gen.Bool)
        .Select((name, value, comma, colon, changed) =>
        {
            var sample = changed ? new SampleEvent().With(name, value) : new SampleEvent();
            return Encoding.UTF8.GetBytes(
                "{" + string.Join(comma, sample.Fields.Select(field => $"\"{field.Key}\"{colon}{field.Value}")) + "}");
        });

    /// <summary>
    /// JSON objects: an event's fields in any order, some repeated, some strange, names partly escaped, any whitespace.
    /// </summary>
    public static Gen<byte[]> Objects { get; } = Gen.Select(
        Gen.Shuffle(new SampleEvent().Fields.Select(field => (field.Key, field.Value)).ToArray()),
        Extras.Array[0, 3], Gen.Int[0, 40], Whitespace.Array[7], Gen.Bool)
        .Select((fields, extras, escapeAt, spaces, extrasFirst) =>
        {
            var all = extrasFirst ? [.. extras, .. fields] : fields.Concat(extras).ToArray();
            var written = all.Select((field, index) => spaces[0]
                + (index == escapeAt ? Escaped(field.Item1, 3) : Quoted(field.Item1))
                + spaces[1] + ":" + spaces[2] + field.Item2 + spaces[3]);
            return Encoding.UTF8.GetBytes(spaces[4] + "{" + string.Join(",", written) + "}" + spaces[5] + spaces[6]);
        });

    /// <summary>Any of these, mostly damaged in one to three places.</summary>
    public static Gen<byte[]> Damaged { get; } = Gen.Select(
        Gen.OneOf(Usual, Objects),
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, int.MaxValue], Gen.OneOf(Gen.Byte, Gen.OneOf("\"\\{}[]:,0-. \n\0é"u8.ToArray())))
            .Array[1, 3])
        .Select((record, damages) =>
        {
            var bytes = record.ToList();
            foreach (var (kind, where, value) in damages)
                Damage(bytes, kind, where % (bytes.Count + 1), value);
            return bytes.ToArray();
        });

    private static void Damage(List<byte> bytes, int kind, int at, byte value)
    {
        switch (kind)
        {
            case 0:
                bytes.Insert(at, value);
                break;
            case 1 when at < bytes.Count:
                bytes.RemoveAt(at);
                break;
            case 2 when at < bytes.Count:
                bytes[at] = value;
                break;
            case 3 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << (value % 8));
                break;
            case 4 when value < 32:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
        }
    }

    // Only what JSON demands is escaped, so that most strings stay plain.
    private static string Quoted(string text) =>
        "\"" + string.Concat(text.Select(character => character is '"' or '\\' or < ' ' ? Escape(character) : $"{character}"))
        + "\"";

    private static string Escaped(string text, int every) =>
        "\"" + string.Concat(text.Select((character, index) =>
            index % (every + 1) == 0 || character is '"' or '\\' or < ' ' || char.IsSurrogate(character)
                ? Escape(character)
                : $"{character}")) + "\"";

    private static string Escape(char character) =>
        character % 2 == 0 ? $"\\u{(int)character:x4}" : $"\\u{(int)character:X4}";
}
