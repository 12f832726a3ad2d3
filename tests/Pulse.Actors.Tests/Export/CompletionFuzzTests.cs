using System.Text.Json;
using Pulse.Actors.Coordination;
using Pulse.Events;
using Pulse.Testing.Fuzzing;

namespace Pulse.Actors.Tests.Export;

/// <summary>Whatever comes to the completion topic: a message or what is wrong with it, as the platform's own reader has it.</summary>
public sealed class CompletionFuzzTests
{
    private static readonly string[] Words =
    [
        "\"status\"", "\"timestamp\"", "\"complete\"", "\"started\"", ",\"status\":\"complete\"", "\"2026-01-02T03:04:05Z\"", "\"x\":1,", "null", "true", "{}", "[]",
        "\\u0073", "\\ud800", "\\udc00", "//", "/**/", "\ufeff",
    ];

    [Fact]
    public async Task A_record_is_a_message_or_has_one_mistake()
    {
        var outcomes = await Fuzzer.RunAsync(FuzzTarget.Completions, "completions", Words, Judge);

        Assert.Contains("complete", outcomes);
        Assert.Contains("another status", outcomes);
        // Each mistake that there is.
        Assert.Equal(6, outcomes.Count - 2);
    }

    private static string Judge(byte[] record)
    {
        var isMessage = CompletionMessage.TryParse(record, out var message, out var mistake);

        Assert.Equal(isMessage, mistake is null);
        // Names that are no Unicode are none that are known; whether two of them are distinct is not said.
        if (Expected(record) is { } expected)
            Assert.Equal(expected, (message?.Status, message?.TimestampUtc));
        return mistake ?? (message!.IsComplete ? "complete" : "another status");
    }

    // With another reader of JSON, name by name.
    private static (string? Status, DateTime? TimestampUtc)? Expected(byte[] record)
    {
        try
        {
            using var document = JsonDocument.Parse(record, new JsonDocumentOptions { MaxDepth = 32 });
            if (AreDistinct(document.RootElement) is not { } areDistinct)
                return null;
            if (!areDistinct
                || document.RootElement.ValueKind != JsonValueKind.Object
                || TextOf(document.RootElement, "status") is not { } status
                || (status == "complete" && !Iso8601.TryRead(TextOf(document.RootElement, "timestamp") ?? "", out _)))
                return (null, null);
            return status == "complete" && Iso8601.TryRead(TextOf(document.RootElement, "timestamp")!, out var utc) ? (status, utc) : (status, null);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return (null, null);
        }
    }

    private static string? TextOf(JsonElement value, string name) =>
        value.EnumerateObject().Where(each => each.Name == name).Select(each => each.Value).FirstOrDefault() is { ValueKind: JsonValueKind.String } text
            ? text.GetString()
            : null;

    // Null where a name is no Unicode.
    private static bool? AreDistinct(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.Object => value.EnumerateObject().GroupBy(each => each.Name).All(group => group.Count() == 1)
                    ? All(value.EnumerateObject().Select(each => AreDistinct(each.Value)))
                    : false,
                JsonValueKind.Array => All(value.EnumerateArray().Select(AreDistinct)),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool? All(IEnumerable<bool?> each)
    {
        var found = each.ToList();
        return found.Contains(null) ? null : !found.Contains(false);
    }
}
