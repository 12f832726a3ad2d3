using System.Net;
using Pulse.Host.Access;
using Pulse.Host.Configuration;

namespace Pulse.Host.Tests.Api;

/// <summary>Who may read.</summary>
public sealed class AccessTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    [Theory]
    [InlineData("X-Api-Key", ApiFixture.ApiKey, HttpStatusCode.OK)]
    [InlineData("Authorization", "Bearer " + ApiFixture.ApiKey, HttpStatusCode.OK)]
    [InlineData("X-Api-Key", "another key of some characters..", HttpStatusCode.Unauthorized)]
    [InlineData("Authorization", "Basic " + ApiFixture.ApiKey, HttpStatusCode.Unauthorized)]
    [InlineData("X-Nothing", "", HttpStatusCode.Unauthorized)]
    public async Task Only_the_key_opens(string header, string value, HttpStatusCode expected)
    {
        foreach (var path in (string[])["/api/rollups", "/api/status", "/api/nothing", "/openapi/v1.json"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation(header, value);
            using var response = await api.ProtectedClient.SendAsync(request, TestContext.Current.CancellationToken);

            Assert.Equal(path == "/api/nothing" && expected == HttpStatusCode.OK ? HttpStatusCode.NotFound : expected, response.StatusCode);
        }
    }

    [Fact]
    public async Task Every_answer_says_what_a_browser_may_do_with_it()
    {
        using var response = await api.Client.GetAsync("/api/rollups", TestContext.Current.CancellationToken);

        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/map", "/map")]
    [InlineData("/rollups/views?date=2026-11-25&genre=a%2Fb#top", "/rollups/views?date=2026-11-25&genre=a%2Fb#top")]
    [InlineData("/", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    [InlineData("map", "/")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("\\\\evil.example", "/")]
    [InlineData("/\t/evil.example", "/")]
    [InlineData("/\n/evil.example", "/")]
    [InlineData("/a\r\nSet-Cookie: a=b", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("javascript:alert(1)", "/")]
    public void After_signing_in_one_is_on_this_node(string? asked, string expected) => Assert.Equal(expected, AccessControl.Local(asked));

    [Fact]
    public void Beyond_loopback_somebody_must_say_who_may_come_in()
    {
        Assert.Contains(
            "Set Pulse:Http:ApiKey or Pulse:Http:OpenIdConnect",
            Assert.Single(Mistakes(new HttpOptions { Bind = "0.0.0.0" })),
            StringComparison.Ordinal);
        Assert.Empty(Mistakes(new HttpOptions { Bind = "0.0.0.0", ApiKey = ApiFixture.ApiKey }));
        Assert.Empty(Mistakes(new HttpOptions { Bind = "::", AllowAnonymous = true }));
        Assert.Empty(Mistakes(new HttpOptions { Bind = "::1" }));
        Assert.Contains("16 or more", Assert.Single(Mistakes(new HttpOptions { ApiKey = "short" })), StringComparison.Ordinal);
        Assert.Contains("https", Assert.Single(Mistakes(new HttpOptions
        {
            OpenIdConnect = new OpenIdConnectOptions { Authority = "http://example.org", ClientId = "pulse" },
        })), StringComparison.Ordinal);
    }

    private static List<string> Mistakes(HttpOptions options)
    {
        var mistakes = new List<string>();
        HttpSettings.Read(options, mistakes);
        return mistakes;
    }
}
