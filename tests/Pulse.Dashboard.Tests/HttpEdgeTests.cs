using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Pulse.Dashboard.Tests;

/// <summary>What curl, proxies and programs do to a node: methods, slashes, encodings, and pages without their scripts.</summary>
public sealed class HttpEdgeTests(FinishedNode node) : IDisposable
{
    private const string Stream = "/api/rollups/viewsByDeviceGenre/stream";

    private static readonly string[] ReadOnly =
    [
        "/", "/cluster", "/cluster/", "/rollups/viewsByDeviceGenre", "/docs", "/not-there", "/metrics", "/metrics/", "/health/live", "/health/ready/",
        "/openapi/v1.json", "/pulse.css", "/api/status", "/api/rollups/", "/api/rollups/viewsByDeviceGenre", "/api/nothing",
    ];

    private readonly HttpClient _client = new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(node.Address) };

    public static TheoryData<string, string> Methods
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var path in ReadOnly)
                all.Add(path, "GET, HEAD");
            all.Add(Stream, "GET");
            all.Add(Stream + "/", "GET");
            all.Add("/login", "GET, HEAD, POST");
            all.Add("/logout", "POST");
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Every_address_refuses_other_methods_alike(string path, string allowed)
    {
        foreach (var method in (string[])["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
        {
            if (allowed.Split(", ").Contains(method))
                continue;
            using var response = await SendAsync(method, path);

            Assert.True(response.StatusCode == HttpStatusCode.MethodNotAllowed, $"{method} {path}: {response.StatusCode}");
            Assert.Equal(allowed, string.Join(", ", response.Content.Headers.Allow));
            if (method == "HEAD")
                continue;
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.Contains("use ", problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Head_is_get_without_the_body()
    {
        foreach (var path in ReadOnly)
        {
            using var get = await SendAsync("GET", path);
            using var head = await SendAsync("HEAD", path);

            Assert.Equal((path, get.StatusCode), (path, head.StatusCode));
            Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
            Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/health/live", "text/plain")]
    [InlineData("/health/ready", "text/plain")]
    [InlineData("/metrics", "text/plain")]
    [InlineData("/pulse.css", "text/css")]
    [InlineData("/js/start.js", "text/javascript")]
    [InlineData("/api/status", "application/json")]
    [InlineData("/api/rollups/viewsByLocationMR", "application/json")]
    [InlineData("/api/rollups/viewsByLocationMR?format=csv", "text/csv")]
    [InlineData("/api/rollups/viewsByLocationMR?by=nothing", "application/problem+json")]
    public async Task Every_text_says_that_it_is_utf8(string path, string type)
    {
        foreach (var encoding in (string?[])[null, "gzip", "br"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (encoding is not null)
                request.Headers.AcceptEncoding.ParseAdd(encoding);
            using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);

            Assert.Equal((type, "utf-8"), (response.Content.Headers.ContentType?.MediaType, response.Content.Headers.ContentType?.CharSet));
            Assert.Contains("Accept-Encoding", response.Headers.Vary);
        }
    }

    [Fact]
    public async Task The_first_text_of_a_page_says_nothing_false_beside_what_was_counted()
    {
        foreach (var path in (string[])["/", "/audience", "/map", "/rollups", "/rollups/deadLetters", "/cluster", "/docs"])
        {
            var text = await _client.GetStringAsync(path, TestContext.Current.CancellationToken);

            Assert.All(
                (string[])
                [
                    "every record was a viewing event", "coordinator does not answer", "The node does not answer", "Nothing is known", "No window",
                    "Waiting for the first event", "while events flow", "Dead letters 0",
                ],
                claim => Assert.DoesNotContain(claim, text, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_plus_that_a_browser_or_curl_sends_as_it_is_is_a_plus()
    {
        // By hand: a client of .NET might escape it.
        var address = new Uri(node.Address);
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"GET /api/rollups/viewsByDeviceGenre?from=2025-01-31T05:00:00+0545&by=window HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: close\r\n\r\n"),
            TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, Encoding.UTF8);

        Assert.Equal("HTTP/1.1 200 OK", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> SendAsync(string method, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), path);
        return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }
}
