using Microsoft.Playwright;
using Pulse.Testing;

namespace Pulse.Dashboard.Tests;

/// <summary>Debian's Chromium. Where there is none, tests fail in CI and are skipped, visibly, elsewhere.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public async ValueTask InitializeAsync()
    {
        var chromium = Environment.GetEnvironmentVariable("PULSE_CHROMIUM") ?? Places.FirstOrDefault(File.Exists);
        if (chromium is null)
            return;
        _playwright = await Playwright.CreateAsync();
        Assertions.SetDefaultExpectTimeout((float)Patience.TotalMilliseconds);
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = chromium,
            Headless = true,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
            ],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>A new browser window without history; it collects what the pages complain about.</summary>
    public async Task<View> OpenAsync(string address, string theme = "dark", int width = 1440, int height = 900)
    {
        if (_browser is null)
            throw Requirement.Missing("There is no Chromium; install it with: apt-get install chromium");

        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = address,
            ColorScheme = theme == "light" ? ColorScheme.Light : ColorScheme.Dark,
            ReducedMotion = ReducedMotion.Reduce,
            ViewportSize = new ViewportSize { Width = width, Height = height },
        });
        context.SetDefaultTimeout((float)Patience.TotalMilliseconds);
        return new View(context, await context.NewPageAsync());
    }
}
