using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Pulse.Testing.Fuzzing;

namespace Pulse.Host.Tests.Api;

/// <summary>Whatever is asked: an answer that can be read, or a clear refusal; never an error of the server.</summary>
public sealed class RequestFuzzTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly string[] Parameters =
        ["from", "to", "date", "hour", "min", "newest", "by", "top", "page", "format", "device_type", "genre", "reason", "before"];

    private static readonly string[] Words =
    [
        .. Parameters.SelectMany(name => (string[])[$"{name}=", $"&{name}=", $"?{name}="]),
        "/api/rollups", "/api/rollups/viewsByDeviceGenre", "/api/rollups/viewsByLocationMR", "/api/rollups/deadLetters", "/stream", "/api/cluster", "/api/status", "/api/gaps",
        "/api/actions", "/openapi/v1.json", "2026-01-31", "2026-01-31T23:40:00Z", "9999-12-31T23:59:59.9999999Z", "9998-12-31", "1970-01-01", "+05:45", "%2B05:45", "key", "window",
        "cell", "csv", "json", "Mobile", "Drama", "0", "1", "-1", "59", "10000", "10001", "1000000", "2147483648", "%00", "%ff", "%F0%9F%98%80", "%", "%2", "%25", "%2F", "%2e%2e/",
        ",", "&", "&&", "=", ";", "+", "GET ", "HEAD ", "POST ", "OPTIONS ", "\nAccept: text/csv", "\nAccept: application/json;q=0", "\nIf-None-Match: *", "\nRange: bytes=0-5",
        "\nX-Api-Key: x", "\nAuthorization: Bearer x", "\nCookie: pulse=x", "\nAccept-Encoding: gzip", "\nContent-Type: application/x-www-form-urlencoded", "\n\n",
    ];

    [Fact]
    public async Task A_request_is_answered_or_refused_by_name()
    {
        var outcomes = await Fuzzer.RunAsync(FuzzTarget.Requests, "requests", Words, input => JudgeAsync(RawRequest.Of(input)));

        string[] expected =
        [
            .. Parameters.Except(["reason"]).Select(name => $"400 {name}"), "200 text/csv", "200 application/json", "200 text/event-stream", "404 name", "404 path", "405 ", "406 ",
        ];
        Assert.Empty(expected.Except(outcomes));
    }

    private async ValueTask<string> JudgeAsync(RawRequest request)
    {
        // Of these, Kafka or another node is asked, which are not there.
        if (request.Path.Contains("deadletters", StringComparison.OrdinalIgnoreCase) && !request.Path.Contains("rollups", StringComparison.OrdinalIgnoreCase)
            || request.Path.Contains("exports", StringComparison.OrdinalIgnoreCase))
            return "not asked";
        var (context, body) = await SendAsync(request);
        var response = context.Response;
        var type = response.ContentType?.Split(';')[0] ?? "";
        Assert.True(response.StatusCode < 500, $"{response.StatusCode}: {body}");
        Assert.DoesNotContain("   at ", body, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", body, StringComparison.Ordinal);
        if (response.StatusCode >= 400)
            return $"{response.StatusCode} {ProblemOf(context, type, body)}";
        if (response.StatusCode == StatusCodes.Status200OK && body.Length > 0)
            await AssertReadableAsync(request, type, body);
        return $"{response.StatusCode} {type}";
    }

    // What is no page of its own has a body that names what is wrong.
    private static string ProblemOf(HttpContext context, string type, string body)
    {
        if (body.Length == 0)
        {
            Assert.True(
                context.Response.StatusCode == StatusCodes.Status412PreconditionFailed || !context.Request.Path.StartsWithSegments("/api"), "It has no body.");
            return "";
        }

        Assert.Equal("application/problem+json", type);
        using var problem = JsonDocument.Parse(body);
        Assert.Equal(context.Response.StatusCode, problem.RootElement.GetProperty("status").GetInt32());
        Assert.NotEqual("", problem.RootElement.GetProperty("detail").GetString());
        var name = problem.RootElement.TryGetProperty("parameter", out var parameter) ? parameter.GetString()! : "";
        Assert.True(context.Response.StatusCode is not (400 or 404) || problem.RootElement.TryGetProperty("parameter", out _), body);
        return name.Length == 0 || Parameters.Contains(name) || name is "name" or "path" ? name : "another";
    }

    // The same counts, whether as CSV or as JSON.
    private async Task AssertReadableAsync(RawRequest request, string type, string body)
    {
        if (type == "text/event-stream")
        {
            Assert.StartsWith("event: counts\ndata: {", body, StringComparison.Ordinal);
            return;
        }

        if (QueryHelpers.ParseQuery(request.Query).ContainsKey("format"))
            return;
        var (_, json) = await SendAsync(request.With("Accept", "application/json"));
        using var counts = JsonDocument.Parse(json);
        if (!request.Path.StartsWith("/api/rollups/", StringComparison.OrdinalIgnoreCase) || !counts.RootElement.TryGetProperty("items", out var items))
            return;
        var (_, csv) = await SendAsync(request.With("Accept", "text/csv"));
        if (FilteredRows.TotalOf(request) is { } total)
            Assert.Equal(total, counts.RootElement.GetProperty("total").GetInt64());
        var rows = Csv.Rows(csv);
        Assert.All(rows, row => Assert.Equal(rows[0].Count, row.Count));
        Assert.Equal(
            items.EnumerateArray().Select(item => item.GetProperty("view_count").GetRawText()),
            rows.Skip(1).Select(row => row[^1]));
    }

    private async Task<(HttpContext Context, string Body)> SendAsync(RawRequest request)
    {
        using var end = new CancellationTokenSource(Limit);
        var context = await api.Server.SendAsync(request.Fill, end.Token);
        if (context.Response.ContentType?.StartsWith("text/event-stream", StringComparison.Ordinal) == true && context.Response.StatusCode == StatusCodes.Status200OK)
        {
            var first = await FirstEventAsync(context.Response.Body, end.Token);
            context.Abort();
            return (context, first);
        }

        Stream body = context.Response.Body;
        if (context.Response.Headers.ContentEncoding.ToString() is { Length: > 0 } encoding)
            body = encoding == "gzip"
                ? new System.IO.Compression.GZipStream(body, System.IO.Compression.CompressionMode.Decompress)
                : new System.IO.Compression.BrotliStream(body, System.IO.Compression.CompressionMode.Decompress);
        using var reader = new StreamReader(body, new UTF8Encoding(false, throwOnInvalidBytes: true));
        return (context, await reader.ReadToEndAsync(end.Token));
    }

    private static async Task<string> FirstEventAsync(Stream body, CancellationToken end)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains("\n\n", StringComparison.Ordinal) && await body.ReadAsync(buffer, end) is > 0 and var read)
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        return text.ToString();
    }
}
