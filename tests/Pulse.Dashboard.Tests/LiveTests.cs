using Microsoft.Playwright;
using Pulse.Testing;

namespace Pulse.Dashboard.Tests;

/// <summary>Numbers that move, and a page that outlives its node.</summary>
public sealed class LiveTests(Browser browser)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Numbers_grow_without_reloading_and_the_page_comes_back_after_a_restart()
    {
        var directory = Directory.CreateTempSubdirectory("pulse-live-").FullName;
        var port = Node.FreePort();
        string[] stream = ["--rate", "400", "--duration", "10m", "--seed", "3"];
        var node = await Node.StartAsync(directory, port, stream);
        try
        {
            await using var view = await browser.OpenAsync(node.Address);
            await view.GoAsync("/");
            await view.Page.EvaluateAsync("() => { window.isTheSamePage = true; }");
            var before = await view.TotalAsync();
            await Eventually.HoldsAsync("the total grows", Patience, async () => await view.TotalAsync() > before + 400);
            await Eventually.HoldsAsync(
                "the picture grows", Patience, async () => (await view.DrawnTreeAsync()).Values.Sum() > before + 400);
            Assert.True(await view.Page.EvaluateAsync<bool>("() => window.isTheSamePage"), "The page was loaded anew.");
            Assert.Empty(view.Complaints);

            await node.DisposeAsync();
            await Assertions.Expect(view.Page.GetByText("The node does not answer")).ToBeVisibleAsync();

            node = await Node.StartAsync(directory, port, stream);
            await Assertions.Expect(view.Page.GetByText("The node does not answer")).ToBeHiddenAsync(
                new LocatorAssertionsToBeHiddenOptions { Timeout = (float)Patience.TotalMilliseconds });
            await view.Page.Locator(".chart[data-drawn]").First.WaitForAsync();
            var after = await view.TotalAsync();
            await Eventually.HoldsAsync("the total grows again", Patience, async () => await view.TotalAsync() > after);
        }
        finally
        {
            await node.DisposeAsync();
            Directory.Delete(directory, recursive: true);
        }
    }
}
