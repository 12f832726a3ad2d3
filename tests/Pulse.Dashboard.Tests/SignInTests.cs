using System.Net;
using System.Text.Json;
using Microsoft.Playwright;

namespace Pulse.Dashboard.Tests;

/// <summary>A node that asks an OpenID provider who somebody is.</summary>
public sealed class SignInTests(Browser browser) : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pulse-sign-in-").FullName;
    private OpenIdProvider _provider = null!;
    private Node _node = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await OpenIdProvider.StartAsync();
        _node = await Node.StartAsync(
            _directory,
            Node.FreePort(),
            new Dictionary<string, string>
            {
                ["Pulse__Http__OpenIdConnect__Authority"] = _provider.Address,
                ["Pulse__Http__BehindProxy"] = "true",
                ["Pulse__Http__OpenIdConnect__ClientId"] = OpenIdProvider.ClientId,
                ["Pulse__Http__OpenIdConnect__ClientSecret"] = OpenIdProvider.ClientSecret,
            },
            "--events", "2000", "--rate", "1000", "--seed", "5");
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _provider.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Who_has_signed_in_at_the_provider_sees_the_page_that_he_asked_for_and_it_lives()
    {
        await using var view = await browser.OpenAsync(_node.Address);
        await view.GoAsync("/audience?by=link");

        Assert.Equal(1, _provider.TokensGiven);
        Assert.Equal($"{_node.Address}/audience?by=link", view.Page.Url);
        await view.ExpectTotalAsync(2_000);
        Assert.Empty(view.Complaints);
        Assert.Equal(200, (await view.Page.GotoAsync("/api/status"))!.Status);
    }

    [Fact]
    public async Task Who_has_not_is_sent_to_the_provider_and_a_program_is_told_so()
    {
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(_node.Address) };
        foreach (var page in (string[])["/", "/map", "/cluster", "/docs", "/rollups/viewsByDeviceGenre"])
        {
            using var response = await client.GetAsync(page, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
            Assert.StartsWith($"{_provider.Address}/authorize?", response.Headers.Location!.ToString(), StringComparison.Ordinal);
        }

        foreach (var path in (string[])["/api/rollups", "/api/status", "/api/rollups/viewsByDeviceGenre/stream", "/openapi/v1.json", "/metrics"])
        {
            using var response = await client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.Equal(401, problem.RootElement.GetProperty("status").GetInt32());
        }
    }

    [Fact]
    public async Task Behind_a_proxy_the_provider_sends_people_back_to_the_address_that_they_used()
    {
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(_node.Address) };
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        client.DefaultRequestHeaders.Add("X-Forwarded-Host", "pulse.example");
        using var response = await client.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.Contains(
            $"redirect_uri={Uri.EscapeDataString("https://pulse.example/signin-oidc")}", response.Headers.Location!.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_the_provider_has_not_signed_opens_nothing()
    {
        _provider.IsForged = true;
        await using var view = await browser.OpenAsync(_node.Address);
        await view.Page.GotoAsync("/");

        await Assertions.Expect(view.Page.GetByText("The sign-in was refused")).ToBeVisibleAsync();
        Assert.Equal(1, _provider.TokensGiven);
        Assert.Equal(401, (await view.Page.GotoAsync("/api/status"))!.Status);

        _provider.IsForged = false;
        await view.Page.GotoAsync("/login?returnUrl=%2Fmap");
        await view.Page.GetByText("Sign in with your organization").ClickAsync();
        await view.Page.WaitForURLAsync("**/map");
        await view.ExpectTotalAsync(2_000);
    }
}
