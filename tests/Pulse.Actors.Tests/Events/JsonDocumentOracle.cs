using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pulse.Events;

namespace Pulse.Actors.Tests.Events;

/// <summary>
/// A second reading of the rules, written with the platform's document model, strings, regular expressions and dates,
/// to compare the decoder with.
/// </summary>
internal static partial class JsonDocumentOracle
{
    public static Decoded Decode(byte[] payload, IReadOnlyList<Dimension> dimensions, long recordUnixMilliseconds)
    {
        if (payload.Length == 0)
            return Bad(BadRecordReason.Empty);

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(payload);
        }
        catch (JsonException)
        {
            return Bad(BadRecordReason.NotJson);
        }

        using (document)
            return Decode(document.RootElement, dimensions, recordUnixMilliseconds);
    }

    private static Decoded Decode(JsonElement root, IReadOnlyList<Dimension> dimensions, long recordUnixMilliseconds)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return Bad(BadRecordReason.NotAnObject);

        var texts = new List<string>();
        foreach (var dimension in dimensions)
        {
            var text = "";
            var value = Last(root, dimension.Field);
            var reason = value is null ? BadRecordReason.MissingField
                : dimension.Derivation == Derivation.Text ? Text(value.Value, out text)
                : Decade(value.Value, dimension.Derivation, out text);
            if (reason != BadRecordReason.None && Required.Contains(dimension.Field))
                return Bad(reason, dimension.Field);
            texts.Add(reason == BadRecordReason.None ? text
                : value is null or { ValueKind: JsonValueKind.Null } ? "(none)"
                : "(invalid)");
        }

        var timestamp = Timestamp(Last(root, EventField.EventTimestamp), recordUnixMilliseconds, out var milliseconds);
        return timestamp == BadRecordReason.None
            ? new Decoded(BadRecord.None, [.. texts], milliseconds)
            : Bad(timestamp, EventField.EventTimestamp);
    }

    private static readonly EventField[] Required =
    [
        EventField.DeviceType, EventField.Genre, EventField.UserGender, EventField.UserAge, EventField.UserLocation,
        EventField.MaturityRating,
    ];

    private static Decoded Bad(BadRecordReason reason, EventField field = EventField.None) =>
        new(new BadRecord(reason, field), [], 0);

    private static JsonElement? Last(JsonElement root, EventField field)
    {
        JsonElement? last = null;
        foreach (var property in root.EnumerateObject())
        {
            if (NameOf(property) == field.ToString())
                last = property.Value;
        }

        return last;
    }

    private static string? NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null; // invalid Unicode: equal to no name
        }
    }

    private static BadRecordReason Text(JsonElement value, out string text)
    {
        text = "";
        if (value.ValueKind != JsonValueKind.String)
            return BadRecordReason.WrongType;

        try
        {
            text = value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return BadRecordReason.InvalidText;
        }

        if (text.Length == 0)
            return BadRecordReason.EmptyText;
        if (Encoding.UTF8.GetByteCount(text) > EventDecoder.MaximumTextBytes)
            return BadRecordReason.TextTooLong;
        return text.Any(character => character is < ' ' or '\u007F') ? BadRecordReason.InvalidText : BadRecordReason.None;
    }

    private static BadRecordReason Decade(JsonElement value, Derivation derivation, out string text)
    {
        text = "";
        if (value.ValueKind != JsonValueKind.Number)
            return BadRecordReason.WrongType;

        var (least, most) = derivation == Derivation.AgeGroup ? (0, 150) : (1000, 9999);
        if (!int.TryParse(value.GetRawText(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number < least || number > most)
            return BadRecordReason.NumberOutOfRange;

        var first = number - (number % 10);
        text = derivation == Derivation.AgeGroup ? $"{first}-{first + 9}" : $"{first}s";
        return BadRecordReason.None;
    }

    private static BadRecordReason Timestamp(JsonElement? value, long recordUnixMilliseconds, out long milliseconds)
    {
        milliseconds = 0;
        if (value is null)
            return BadRecordReason.MissingField;
        if (value.Value.ValueKind != JsonValueKind.String)
            return BadRecordReason.WrongType;

        Match match;
        try
        {
            match = TimestampPattern().Match(value.Value.GetString()!);
        }
        catch (InvalidOperationException)
        {
            return BadRecordReason.InvalidTimestamp;
        }

        if (!match.Success || match.Length > EventDecoder.MaximumTextBytes || !DateTime.TryParseExact(
            $"{match.Groups["date"].Value} {match.Groups["time"].Value}", "yyyy-MM-dd HH:mm",
            CultureInfo.InvariantCulture, DateTimeStyles.None, out var local))
            return BadRecordReason.InvalidTimestamp;

        var second = match.Groups["second"].Success ? int.Parse(match.Groups["second"].Value) : 0;

        var fraction = match.Groups["fraction"].Value.PadRight(3, '0')[..3];
        var offset = 0;
        if (match.Groups["hours"].Success)
        {
            var minutes = match.Groups["minutes"].Success ? int.Parse(match.Groups["minutes"].Value) : 0;
            offset = (int.Parse(match.Groups["hours"].Value) * 60) + minutes;
            if (minutes > 59 || offset > 14 * 60)
                return BadRecordReason.InvalidTimestamp;
            if (match.Groups["sign"].Value == "-")
                offset = -offset;
        }

        var minute = (long)(local - new DateTime(1, 1, 1)).TotalMinutes - offset;
        if (second > 59)
            return second == 60 && minute % 1440 is 1439 or -1 ? BadRecordReason.LeapSecond : BadRecordReason.InvalidTimestamp;
        milliseconds = (minute * 60_000) - 62_135_596_800_000 + (second * 1000) + int.Parse(fraction);
        const long endOfTheYear9000 = 221_876_928_000_000;
        if (milliseconds < 0)
            return BadRecordReason.TimestampTooOld;
        return milliseconds >= endOfTheYear9000
            || (recordUnixMilliseconds is >= 0 and < endOfTheYear9000 && milliseconds > recordUnixMilliseconds + 300_000)
            ? BadRecordReason.TimestampInFuture
            : BadRecordReason.None;
    }

    [GeneratedRegex(
        @"^(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?<time>[0-9]{2}:[0-9]{2})(:(?<second>[0-9]{2})([.,](?<fraction>[0-9]+))?)?"
        + @"([Zz]|(?<sign>[+-])(?<hours>[0-9]{2})(:?(?<minutes>[0-9]{2}))?)?\z")]
    private static partial Regex TimestampPattern();
}
