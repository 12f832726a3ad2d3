using System.Net;
using System.Text.Json;

namespace Pulse.Host.Tests.Api;

/// <summary>What operators did and what the counts lack, page by page.</summary>
public sealed class OperationsApiTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Actions_come_newest_first_with_who_and_when()
    {
        var items = await ItemsAsync("/api/actions");

        Assert.Equal(["act 5", "act 4", "act 3", "act 2", "act 1"], items.Select(item => item.GetProperty("what").GetString()));
        Assert.All(items, item => Assert.Equal("ann@host", item.GetProperty("who").GetString()));
        Assert.Equal("2026-01-01T00:00:05Z", items[0].GetProperty("atUtc").GetString());
    }

    [Fact]
    public async Task The_next_page_of_actions_is_before_the_last_number()
    {
        var first = await ItemsAsync("/api/actions?top=2");

        var next = await ItemsAsync($"/api/actions?top=2&before={first[^1].GetProperty("number").GetInt64()}");

        Assert.Equal(["act 3", "act 2"], next.Select(item => item.GetProperty("what").GetString()));
    }

    [Fact]
    public async Task A_gap_comes_once_however_many_buckets_have_it()
    {
        var items = await ItemsAsync("/api/gaps");

        Assert.Equal(
            [(1, "Cut", 100L, 150L, 50L, 49), (1, "Retention", 5, 10, 5, 49), (0, "Retention", 0, 30, 30, 49)],
            items.Select(item => (
                item.GetProperty("partition").GetInt32(), item.GetProperty("kind").GetString()!, item.GetProperty("from").GetInt64(),
                item.GetProperty("to").GetInt64(), item.GetProperty("records").GetInt64(), item.GetProperty("buckets").GetInt32())));
    }

    [Fact]
    public async Task Gaps_are_paged()
    {
        Assert.Equal(5, Assert.Single(await ItemsAsync("/api/gaps?top=1&page=2")).GetProperty("from").GetInt64());
        Assert.Empty(await ItemsAsync("/api/gaps?page=2"));
    }

    [Theory]
    [InlineData("/api/actions?top=0", "top")]
    [InlineData("/api/actions?top=1001", "top")]
    [InlineData("/api/actions?before=x", "before")]
    [InlineData("/api/actions?page=2", "page")]
    [InlineData("/api/gaps?top=-1", "top")]
    [InlineData("/api/gaps?page=99999999999999999999", "page")]
    [InlineData("/api/gaps?since=yesterday", "since")]
    [InlineData("/api/gaps?page=1&page=2", "page")]
    [InlineData("/api/deadletters?top=101", "top")]
    [InlineData("/api/deadletters?top=1&top=2", "top")]
    public async Task A_wrong_parameter_is_named(string path, string parameter)
    {
        using var response = await api.Client.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(parameter, body.RootElement.GetProperty("parameter").GetString());
    }

    [Fact]
    public async Task Every_address_refuses_a_parameter_that_it_does_not_know_and_one_that_is_no_text()
    {
        using var document = JsonDocument.Parse(await api.Client.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken));
        var paths = document.RootElement.GetProperty("paths").EnumerateObject()
            .Select(path => path.Name.Replace("{name}", "viewsByDeviceGenre", StringComparison.Ordinal)).ToList();

        Assert.True(paths.Count >= 9);
        foreach (var path in paths)
        {
            foreach (var (query, parameter) in ((string, string)[])[("nonsense=1", "nonsense"), ("nonsense", "nonsense"), ("x=%FF", "x")])
            {
                using var response = await api.Client.GetAsync($"{path}?{query}", TestContext.Current.CancellationToken);

                Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"{path}?{query}: {response.StatusCode}");
                using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
                Assert.Equal(parameter, body.RootElement.GetProperty("parameter").GetString());
            }
        }
    }

    [Theory]
    [InlineData("/api/actions")]
    [InlineData("/api/gaps")]
    public async Task Strangers_learn_nothing(string path)
    {
        using var response = await api.ProtectedClient.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private async Task<IReadOnlyList<JsonElement>> ItemsAsync(string path)
    {
        var body = JsonDocument.Parse(await api.Client.GetStringAsync(path, TestContext.Current.CancellationToken));
        return [.. body.RootElement.GetProperty("items").EnumerateArray()];
    }
}
