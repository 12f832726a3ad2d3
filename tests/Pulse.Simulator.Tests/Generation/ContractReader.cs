using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Pulse.Simulator.Tests.Generation;

/// <summary>
/// A slow, strict reader of the event contract, written apart from the generator: it decides what any correct
/// consumer of the three built-in rollups would accept.
/// </summary>
internal static class ContractReader
{
    internal sealed record Viewing(
        string Device, string Genre, string Gender, int Age, string Country, string Rating, DateTimeOffset Time);

    /// <returns>Null when the record is bad.</returns>
    internal static Viewing? Read(byte[] value)
    {
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(value);
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return null;
            var timestamp = Text(root, "EventTimestamp");
            if (!DateTimeOffset.TryParseExact(
                    timestamp,
                    ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK"],
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var time)
                || time < DateTimeOffset.UnixEpoch
                || time > DateTimeOffset.UtcNow.AddDays(1))
                return null;
            return root.GetProperty("UserAge").TryGetInt32(out var age) && age is >= 0 and <= 150
                ? new Viewing(
                    Text(root, "DeviceType"), Text(root, "Genre"), Text(root, "UserGender"), age,
                    Text(root, "UserLocation"), Text(root, "MaturityRating"), time)
                : null;
        }
        catch (Exception bad) when (bad is JsonException or DecoderFallbackException or KeyNotFoundException
                                        or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static string Text(JsonElement root, string field) =>
        root.GetProperty(field) is { ValueKind: JsonValueKind.String } value && value.GetString() is { Length: > 0 } text
            ? text
            : throw new FormatException(field);
}
