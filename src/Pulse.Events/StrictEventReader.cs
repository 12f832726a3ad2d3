using System.Text.Json;

namespace Pulse.Events;

/// <summary>
/// Finds the needed fields of a record with the platform's JSON reader: the path that decides what is JSON and what is
/// not. No comments, no trailing commas, no byte order mark, nothing after the value, at most 64 levels deep.
/// </summary>
internal static class StrictEventReader
{
    /// <summary>Reads a whole record.</summary>
    /// <param name="payload">The record's value.</param>
    /// <param name="fields">The fields to look for.</param>
    /// <param name="slots">
    /// Receives where they are, one place per field; must be cleared. Of a name that is repeated, the last one counts.
    /// </param>
    /// <returns>None, NotJson or NotAnObject; after the latter two the slots mean nothing.</returns>
    public static BadRecordReason Locate(ReadOnlySpan<byte> payload, NeededFields fields, Span<FieldSlot> slots)
    {
        var reader = new Utf8JsonReader(payload);
        try
        {
            reader.Read();
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            if (isObject)
                ReadObject(ref reader, fields, slots);
            else
                reader.Skip();

            // Reading on is what finds garbage after the value.
            reader.Read();
            return isObject ? BadRecordReason.None : BadRecordReason.NotAnObject;
        }
        catch (JsonException)
        {
            return BadRecordReason.NotJson;
        }
    }

    private static void ReadObject(ref Utf8JsonReader reader, NeededFields fields, Span<FieldSlot> slots)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var slot = Find(ref reader, fields);
            reader.Read();
            if (slot >= 0)
                slots[slot] = SlotOf(ref reader);
            reader.Skip();
        }
    }

    private static int Find(ref Utf8JsonReader reader, NeededFields fields)
    {
        if (!reader.ValueIsEscaped)
            return fields.Find(reader.ValueSpan);

        Span<byte> name = stackalloc byte[32];
        var length = JsonText.Unescape(reader.ValueSpan, name);
        return length <= name.Length ? fields.Find(name[..length]) : -1;
    }

    private static FieldSlot SlotOf(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        return reader.TokenType switch
        {
            JsonTokenType.String =>
                new FieldSlot(FieldKind.Text, reader.ValueIsEscaped, start + 1, reader.ValueSpan.Length),
            JsonTokenType.Number => new FieldSlot(FieldKind.Number, false, start, reader.ValueSpan.Length),
            JsonTokenType.Null => FieldSlot.Null,
            _ => FieldSlot.Other,
        };
    }
}
