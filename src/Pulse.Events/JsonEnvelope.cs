using System.Text.Json;

namespace Pulse.Events;

/// <summary>Finds what an event is wrapped in, where the JSON object of a record is not the event itself.</summary>
internal static class JsonEnvelope
{
    private const int MaximumBytes = 64 * 1024;
    private const int MaximumNames = 32;

    /// <summary>What the envelope is, and what to do about it; null where it is none.</summary>
    public static string? Of(ReadOnlySpan<byte> value)
    {
        var names = OutermostNames(value[..Math.Min(value.Length, MaximumBytes)]);
        if (names.Contains(nameof(EventField.EventTimestamp)))
            return null;
        if (names.Contains("payload"))
            return "an envelope of Kafka Connect (schema, payload). Set value.converter.schemas.enable=false on the connector";
        if (names.Contains("after") || names.Contains("before"))
            return "an envelope of change data, such as Debezium's (before, after). Have the connector unwrap it (ExtractNewRecordState)";
        return names.Contains("specversion")
            ? "an envelope of CloudEvents. Have the producer write the event itself, or CloudEvents' binary mode"
            : null;
    }

    // What was read before a mistake counts as well: a long value is cut.
    private static HashSet<string> OutermostNames(ReadOnlySpan<byte> value)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(value, isFinalBlock: false, default);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return names;
            while (names.Count < MaximumNames && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                names.Add(reader.GetString()!);
                if (!reader.TrySkip())
                    break;
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // It is no JSON, which is said elsewhere.
        }

        return names;
    }
}
