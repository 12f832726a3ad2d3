using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Pulse.Events;

namespace Pulse.Actors.Coordination;

/// <summary>
/// A record of the completion topic: <c>{"status":"complete","timestamp":"2026-01-01T00:00:00Z"}</c>. Fields that are
/// not known are ignored; those that are known must be what the contract says.
/// </summary>
/// <param name="Status">The status as sent; <c>complete</c> starts an export, every other one is ignored.</param>
/// <param name="TimestampUtc">
/// When the stream was completed, by its producer's clock, UTC; null only where the status is another one.
/// </param>
public sealed record CompletionMessage(string Status, DateTime? TimestampUtc)
{
    /// <summary>The one status that starts an export.</summary>
    public const string CompleteStatus = "complete";

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>Whether the record says that the stream is complete.</summary>
    public bool IsComplete => Status == CompleteStatus;

    /// <summary>Reads a record's value.</summary>
    /// <param name="utf8">The value as it came from the topic; null for a record without one.</param>
    /// <param name="message">The message, where the record is one.</param>
    /// <param name="mistake">Otherwise what is wrong with it, as the end of a sentence that begins with its name.</param>
    public static bool TryParse(
        byte[]? utf8, [NotNullWhen(true)] out CompletionMessage? message, [NotNullWhen(false)] out string? mistake)
    {
        message = null;
        if (utf8 is null or { Length: 0 })
        {
            mistake = "is empty";
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(utf8, Strict);
            return TryRead(document.RootElement, out message, out mistake);
        }
        // Text that is no UTF-8 shows only when a string is read, as an InvalidOperationException.
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            mistake = "is not JSON in UTF-8 with distinct names";
            return false;
        }
    }

    private static bool TryRead(JsonElement root, out CompletionMessage? message, [NotNullWhen(false)] out string? mistake)
    {
        message = null;
        mistake = null;
        if (root.ValueKind != JsonValueKind.Object)
            mistake = "is not a JSON object";
        else if (!TryText(root, "status", out var status))
            mistake = "has no text 'status'";
        else if (status != CompleteStatus)
            message = new CompletionMessage(status, null);
        else if (!TryText(root, "timestamp", out var text))
            mistake = "has no text 'timestamp'";
        else if (!Iso8601.TryRead(text, out var timestamp))
            mistake = "has a 'timestamp' that is not ISO-8601 such as 2026-01-01T00:00:00Z";
        else
            message = new CompletionMessage(status, timestamp);
        return mistake is null;
    }

    private static bool TryText(JsonElement root, string name, [NotNullWhen(true)] out string? text)
    {
        text = root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
        return text is not null;
    }
}
