using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Pulse.Actors.Live;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Host.Tests.Api;

/// <summary>The numbers that the API gives, from memory and storage alike.</summary>
public sealed class RollupApiTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private const string Path = "/api/rollups/viewsByDeviceGenre";

    private static readonly long Total = ApiFixture.Rows.Sum(row => row.Count);

    [Fact]
    public async Task Everything_is_summed_over_memory_and_storage()
    {
        var body = await GetAsync(Path);

        Assert.Equal(Total, body.GetProperty("total").GetInt64());
        Assert.Equal(ApiFixture.WindowsStored, body.GetProperty("windows").GetInt32());
        Assert.True(body.GetProperty("exactPerKey").GetBoolean());
        var first = body.GetProperty("items")[0];
        var largest = ApiFixture.Rows.GroupBy(row => row.Key).MaxBy(group => group.Sum(row => row.Count))!;
        Assert.Equal(largest.Key.Values[0], first.GetProperty("device_type").GetString());
        Assert.Equal(largest.Sum(row => row.Count), first.GetProperty("view_count").GetInt64());
    }

    public static TheoryData<string, Func<KeyCount, bool>> Filters => new()
    {
        { "device_type=Mobile", row => row.Key.Values[0] == "Mobile" },
        { "device_type=Mobile&device_type=PC&genre=Drama", row => row.Key.Values[0] is "Mobile" or "PC" && row.Key.Values[1] == "Drama" },
        { "date=2026-02-01", row => row.Window.EndUtc.Day == 1 },
        { "date=2026-01-31&min=45,50", row => row.Window.EndUtc is { Day: 31, Minute: 45 or 50 } },
        { "hour=0", row => row.Window.EndUtc.Hour == 0 },
        { "from=2026-01-31T23:40:00Z&to=2026-02-01", row => row.Window.EndUtc is { Day: 31, Minute: >= 40 } },
        { "from=2026-02-01T00:40:00%2B01:00", row => row.Window.EndUtc >= new DateTime(2026, 1, 31, 23, 40, 0, DateTimeKind.Utc) },
        { "from=2026-02-01T00:40:00+01:00", row => row.Window.EndUtc >= new DateTime(2026, 1, 31, 23, 40, 0, DateTimeKind.Utc) },
        { "from=2026-02-01T05:25:00+0545", row => row.Window.EndUtc >= new DateTime(2026, 1, 31, 23, 40, 0, DateTimeKind.Utc) },
        { "from=2026-02-01T00:40:00.5+01", row => row.Window.EndUtc > new DateTime(2026, 1, 31, 23, 40, 0, DateTimeKind.Utc) },
        { "from=2026-02-01+00:40+01", row => row.Window.EndUtc >= new DateTime(2026, 1, 31, 23, 40, 0, DateTimeKind.Utc) },
        { $"date=2026-02-01,{string.Join(',', Enumerable.Range(1, 28).Select(day => $"2025-02-{day:00}"))}", row => row.Window.EndUtc.Day == 1 },
        { $"device_type={ApiFixture.LongestLatin}", row => row.Key.Values[0] == ApiFixture.LongestLatin },
        { $"device_type={string.Concat(Enumerable.Repeat("%D0%96", 128))}", row => row.Key.Values[0] == ApiFixture.LongestCyrillic },
        { $"device_type=Mobile&device_type={ApiFixture.LongestCyrillic}", row => row.Key.Values[0] == "Mobile" || row.Key.Values[0] == ApiFixture.LongestCyrillic },
        { "device_type=Tab,%22let%22", row => row.Key.Values[0] == "Tab,\"let\"" },
        { "from=2026-01-31%2023:40", row => row.Window.EndUtc >= new DateTime(2026, 1, 31, 23, 40, 0, DateTimeKind.Utc) },
        { "from=2026-01-31t23:40:00.000000001z", row => row.Window.EndUtc >= new DateTime(2026, 1, 31, 23, 40, 0, DateTimeKind.Utc) },
        { "to=2026-01-31T23:40Z", row => row.Window.EndUtc < new DateTime(2026, 1, 31, 23, 40, 0, DateTimeKind.Utc) },
        { "to=2026-01-31T23:40:00.001Z", row => row.Window.EndUtc <= new DateTime(2026, 1, 31, 23, 40, 0, DateTimeKind.Utc) },
        { "newest=2", row => row.Window.EndUtc is { Day: 1, Minute: 15 or 20 } },
        { "device_type=nothing", _ => false },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Filters_keep_exactly_what_they_name(string filter, Func<KeyCount, bool> isWanted)
    {
        var rows = ApiFixture.Rows.Where(isWanted).ToList();

        foreach (var layout in (string[])["key", "window", "cell"])
        {
            var body = await GetAsync($"{Path}?{filter}&by={layout}");

            Assert.Equal(rows.Sum(row => row.Count), body.GetProperty("total").GetInt64());
            Assert.Equal(rows.Sum(row => row.Count), body.GetProperty("items").EnumerateArray().Sum(item => item.GetProperty("view_count").GetInt64()));
        }
    }

    [Fact]
    public async Task Pages_neither_repeat_nor_skip_a_row()
    {
        var seen = new List<string>();
        var next = Path + "?by=cell&top=7";
        for (var page = 0; next is not null; page++)
        {
            Assert.True(page < 20, "It goes on for ever.");
            using var response = await api.Client.GetAsync(next, TestContext.Current.CancellationToken);
            using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            seen.AddRange(body.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetRawText()));
            next = response.Headers.TryGetValues("Link", out var links)
                ? links.Single().Split(", ").Where(link => link.EndsWith("rel=\"next\"", StringComparison.Ordinal))
                    .Select(link => link[1..link.IndexOf('>', StringComparison.Ordinal)]).FirstOrDefault()
                : null;
        }

        Assert.Equal(ApiFixture.Rows.Count, seen.Count);
        Assert.Equal(seen.Count, seen.Distinct().Count());
    }

    [Fact]
    public async Task Csv_quotes_what_must_be_quoted_and_holds_every_row()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path + "?by=cell&top=1000");
        request.Headers.Accept.ParseAdd("application/xml;q=0.9, text/csv, application/json;q=0.5");
        using var response = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal("text/csv", response.Content.Headers.ContentType?.MediaType);
        var lines = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).TrimEnd().Split("\r\n");
        Assert.Equal("device_type,genre,window_end,view_count", lines[0]);
        Assert.Equal(ApiFixture.Rows.Count + 1, lines.Length);
        Assert.Contains("\"Tab,\"\"let\"\"\",Drama,2026-01-31T23:35:00Z,195", lines);
    }

    [Fact]
    public async Task What_is_neither_json_nor_csv_is_not_to_be_had()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.Accept.ParseAdd("image/png");
        using var response = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotAcceptable, response.StatusCode);
    }

    [Fact]
    public async Task An_unchanged_answer_is_not_sent_twice()
    {
        using var first = await api.Client.GetAsync(Path, TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.IfNoneMatch.Add(Assert.IsType<EntityTagHeaderValue>(first.Headers.ETag));
        using var second = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    public static TheoryData<string, string> Mistakes => new()
    {
        { "from=yesterday", "from" },
        { "from=2026-01-31T24:00", "from" },
        { "from=2026-01-31T23:59:60Z", "from" },
        { "to=9999-12-31T23:59-14:00", "to" },
        { "from=2026-01-31T00:00:00Z05:00", "from" },
        { "from=2026-01-02&to=2026-01-01", "to" },
        { "date=2026-02-30", "date" },
        { "hour=24", "hour" },
        { "hour=-1", "hour" },
        { "min=60", "min" },
        { "top=0", "top" },
        { "top=10001", "top" },
        { "page=0", "page" },
        { "newest=0", "newest" },
        { "by=colour", "by" },
        { "format=xml", "format" },
        { "colour=red", "colour" },
        { $"genre={new string('x', 257)}", "genre" },
        { $"genre={string.Concat(Enumerable.Repeat("%D0%96", 129))}", "genre" },
        { "genre=", "genre" },
        { "genre", "genre" },
        { "genre=Drama&genre=", "genre" },
        { "genre=%FF", "genre" },
        { "genre=Dram%C3%28", "genre" },
        { "genre=%ED%A0%80", "genre" },
        { "%FF=1", "%FF" },
        { $"hour={string.Join(',', Enumerable.Repeat("1", 201))}", "hour" },
        { $"{string.Join('&', Enumerable.Repeat("hour=1,2", 101))}", "hour" },
        { "date=2026-01-31,", "date" },
        { "date=9999-01-01", "date" },
        { "from=2026-01-01&from=2026-01-02", "from" },
        { "top=1&top=2", "top" },
        { "top=1&TOP=2", "TOP" },
        { "format=csv&format=json", "format" },
        { "From=2026-01-01", "From" },
        { "from=2026-01-31T23:40:00+15:00", "from" },
        { "from=2026-01-31T23:40:00+", "from" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task A_wrong_parameter_is_named(string query, string parameter)
    {
        using var response = await api.Client.GetAsync($"{Path}?{query}", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(parameter, body.RootElement.GetProperty("parameter").GetString());
    }

    [Theory]
    [InlineData("date=9999-12-31", "9998-12-31")]
    [InlineData("from=9999-12-31T23:59:59-14:00", "9999")]
    [InlineData("genre=", "no key is empty")]
    [InlineData("colour=red", "known are from, to, newest, by, top, page, format, date, hour, min, device_type, genre")]
    public async Task A_refusal_names_the_bounds(string query, string bound)
    {
        using var response = await api.Client.GetAsync($"{Path}?{query}", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(bound, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Path, "text/csv", null, "text/csv; charset=utf-8")]
    [InlineData(Path + "?format=csv", null, null, "text/csv; charset=utf-8")]
    [InlineData(Path + "?format=CSV", null, null, "text/csv; charset=utf-8")]
    [InlineData(Path + "?format=csv", null, "gzip", "text/csv; charset=utf-8")]
    [InlineData(Path + "?format=csv", null, "br", "text/csv; charset=utf-8")]
    [InlineData(Path, null, "gzip", "application/json; charset=utf-8")]
    [InlineData(Path, "garbage", null, "application/json; charset=utf-8")]
    [InlineData("/api/status", null, null, "application/json; charset=utf-8")]
    [InlineData("/api/rollups", null, null, "application/json; charset=utf-8")]
    [InlineData("/openapi/v1.json", null, null, "application/json; charset=utf-8")]
    [InlineData(Path + "?genre=", null, null, "application/problem+json; charset=utf-8")]
    public async Task A_text_says_how_it_is_encoded(string path, string? accept, string? encoding, string type)
    {
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
        {
            using var response = await SendAsync(method, path, accept, encoding);

            Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
            Assert.Equal(encoding, response.Content.Headers.ContentEncoding.SingleOrDefault());
            Assert.Contains("Accept-Encoding", response.Headers.Vary);
        }
    }

    [Fact]
    public async Task A_text_comes_compressed_or_not_under_one_weak_tag()
    {
        using var plain = await SendAsync(HttpMethod.Get, Path + "?format=csv", null, null);
        using var packed = await SendAsync(HttpMethod.Get, Path + "?format=csv", null, "gzip");
        await using var unpacked = new GZipStream(await packed.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken), CompressionMode.Decompress);
        using var reader = new StreamReader(unpacked);

        Assert.Equal(
            await plain.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.True(plain.Headers.ETag is { IsWeak: true });
        Assert.Equal(plain.Headers.ETag, packed.Headers.ETag);
        using var again = new HttpRequestMessage(HttpMethod.Get, Path + "?format=csv");
        again.Headers.AcceptEncoding.ParseAdd("gzip");
        again.Headers.IfNoneMatch.Add(plain.Headers.ETag);
        using var unchanged = await api.Client.SendAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        Assert.Equal(["Accept", "Accept-Encoding"], unchanged.Headers.Vary.Order());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a,b")]
    public async Task A_filter_that_finds_nothing_leaves_other_answers_alone(string value)
    {
        const string path = "/api/rollups/viewsByDeviceGenre?newest=3";
        using var filtered = await api.Client.GetAsync($"{path}&device_type={Uri.EscapeDataString(value)}", TestContext.Current.CancellationToken);

        Assert.NotEqual(0, (await GetAsync(path)).GetProperty("total").GetInt64());
        Assert.Equal(value.Length == 0 ? HttpStatusCode.BadRequest : HttpStatusCode.OK, filtered.StatusCode);
    }

    [Theory]
    [InlineData("?format=json", HttpStatusCode.BadRequest)]
    [InlineData("?format=csv", HttpStatusCode.BadRequest)]
    [InlineData("?genre=", HttpStatusCode.BadRequest)]
    [InlineData("?top=1&top=2", HttpStatusCode.BadRequest)]
    [InlineData("", HttpStatusCode.NotAcceptable, "text/csv")]
    [InlineData("", HttpStatusCode.OK, "text/event-stream")]
    [InlineData("/?top=1", HttpStatusCode.OK)]
    public async Task The_stream_takes_what_it_can_keep(string rest, HttpStatusCode status, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Path}/stream{rest}");
        if (accept is not null)
            request.Headers.Accept.ParseAdd(accept);
        using var response = await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(status == HttpStatusCode.OK ? ["no"] : [], response.Headers.TryGetValues("X-Accel-Buffering", out var values) ? values : []);
    }

    [Fact]
    public async Task An_unknown_rollup_is_not_found_and_the_known_ones_are_named()
    {
        using var response = await api.Client.GetAsync("/api/rollups/nothing", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("viewsByLocationMR", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "/api/status", "GET, HEAD")]
    [InlineData("DELETE", "/api/rollups/viewsByDeviceGenre", "GET, HEAD")]
    [InlineData("HEAD", "/api/rollups/viewsByDeviceGenre/stream", "GET")]
    [InlineData("HEAD", "/api/rollups/viewsByDeviceGenre/stream/", "GET")]
    [InlineData("OPTIONS", "/api/rollups/viewsByDeviceGenre/stream/", "GET")]
    [InlineData("POST", "/api/rollups/stream", "GET, HEAD")]
    [InlineData("TRACE", "/api/rollups/", "GET, HEAD")]
    [InlineData("PATCH", "/api/nothing", "GET, HEAD")]
    [InlineData("OPTIONS", "/openapi/v1.json", "GET, HEAD")]
    [InlineData("PUT", "/", "GET, HEAD")]
    [InlineData("DELETE", "/cluster/", "GET, HEAD")]
    [InlineData("PUT", "/login/", "GET, HEAD, POST")]
    [InlineData("OPTIONS", "/metrics", "GET, HEAD")]
    [InlineData("POST", "/health/ready/", "GET, HEAD")]
    public async Task What_is_there_can_only_be_read(string method, string path, string allowed)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), path);
        using var response = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(allowed, string.Join(", ", response.Content.Headers.Allow));
        Assert.Contains("use GET", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_list_tells_totals_in_memory_and_late_events()
    {
        var body = await GetAsync("/api/rollups");

        var rollup = body.GetProperty("rollups").EnumerateArray().First();
        Assert.Equal("viewsByDeviceGenre", rollup.GetProperty("name").GetString());
        Assert.Equal(ApiFixture.WindowsInMemory, rollup.GetProperty("windows").GetInt32());
        Assert.Equal(7, rollup.GetProperty("late").GetInt64());
    }

    [Fact]
    public async Task The_stream_begins_with_the_counts_as_they_are()
    {
        using var response = await api.Client.GetAsync(
            Path + "/stream?top=1", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        var lines = new List<string>();
        while (lines.Count < 2)
            lines.Add(Assert.IsType<string>(await reader.ReadLineAsync(TestContext.Current.CancellationToken)));

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("event: counts", lines[0]);
        using var body = JsonDocument.Parse(lines[1]["data: ".Length..]);
        Assert.Equal(Total, body.RootElement.GetProperty("total").GetInt64());
    }

    [Fact]
    public async Task The_document_describes_every_path()
    {
        var body = await GetAsync("/openapi/v1.json");

        Assert.Equal(
            ["/api/actions", "/api/cluster", "/api/deadletters", "/api/exports", "/api/gaps", "/api/rollups", "/api/rollups/{name}", "/api/rollups/{name}/stream", "/api/status"],
            body.GetProperty("paths").EnumerateObject().Select(path => path.Name).Order(StringComparer.Ordinal));
        Assert.Contains(
            body.GetProperty("paths").GetProperty("/api/rollups/{name}").GetProperty("get").GetProperty("parameters").EnumerateArray(),
            parameter => parameter.GetProperty("name").GetString() == "newest");
        Assert.Equal(
            ["rollup", "cut"],
            body.GetProperty("components").GetProperty("schemas").GetProperty("NodeBalance").GetProperty("properties").EnumerateObject()
                .Select(property => property.Name));
    }

    [Fact]
    public async Task The_status_lists_every_partition_and_says_null_of_what_is_unknown()
    {
        var now = new DateTime(2026, 11, 26, 12, 0, 0, DateTimeKind.Utc);
        api.Stream.State = new StreamState(now, now)
        {
            Stream = "cluster/topic/id",
            KafkaAnsweredUtc = now,
            KafkaProblem = "It is gone.",
            Partitions =
            [
                new PartitionState(0) { HasLeader = true, Begin = 10, End = 50, Stored = 20, Lag = 30, Reader = "b#1", ReaderAddress = "b:1", Position = 40 },
                new PartitionState(1) { HasLeader = false, Stored = 7, Standing = new Standing(StandingCause.NoLeader, "no leader", now) },
            ],
        };

        var status = await GetAsync("/api/status");

        Assert.Equal(JsonValueKind.Null, status.GetProperty("lag").ValueKind);
        Assert.Equal(("cluster/topic/id", "It is gone."), (status.GetProperty("stream").GetString(), status.GetProperty("kafkaProblem").GetString()));
        Assert.Equal((now, 1), (status.GetProperty("kafkaAnswered").GetDateTime(), status.GetProperty("standing").GetInt32()));
        Assert.Equal(
            [
                """{"partition":0,"isHere":false,"reader":"b:1","hasLeader":true,"position":40,"committed":20,"begin":10,"end":50,"lag":30,"standing":null,"standingSince":null}""",
                """{"partition":1,"isHere":false,"reader":null,"hasLeader":false,"position":null,"committed":7,"begin":null,"end":null,"lag":null,"standing":"no leader","standingSince":"2026-11-26T12:00:00Z"}""",
            ],
            status.GetProperty("partitions").EnumerateArray().Select(partition => partition.GetRawText()));
        Assert.Equal(JsonValueKind.Null, (await GetAsync("/api/cluster")).GetProperty("lag").ValueKind);
    }

    [Fact]
    public async Task The_status_says_of_each_rollup_that_no_cut_was_seen_yet()
    {
        var balances = (await GetAsync("/api/status")).GetProperty("balances").EnumerateArray().ToList();

        Assert.Equal(RollupCatalog.Default.Counted.Select(rollup => rollup.Name), balances.Select(each => each.GetProperty("rollup").GetString()));
        Assert.All(balances, each => Assert.Equal(JsonValueKind.Null, each.GetProperty("cut").ValueKind));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? accept, string? encoding)
    {
        using var request = new HttpRequestMessage(method, path);
        if (accept is not null)
            Assert.True(request.Headers.TryAddWithoutValidation("Accept", accept));
        if (encoding is not null)
            request.Headers.AcceptEncoding.ParseAdd(encoding);
        return await api.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var response = await api.Client.GetAsync(path, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode} {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
