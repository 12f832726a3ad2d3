using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Pulse.Dashboard.Tests;

/// <summary>One browser window on a node.</summary>
public sealed class View : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = [];

    public View(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _complaints.Enqueue(message.Text);
        };
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.Response += (_, response) =>
        {
            if (response.Status >= 400)
                _complaints.Enqueue($"{response.Status} {response.Url}");
        };
    }

    public IPage Page { get; }

    /// <summary>Errors and warnings of the browser's console, and answers that failed.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    public void ForgetComplaints() => _complaints.Clear();

    /// <summary>Opens a page and waits until it is connected and has drawn its charts.</summary>
    public async Task GoAsync(string path, bool hasChart = true)
    {
        await Page.GotoAsync(path);
        // While a page comes alive, its title is away for a moment.
        await Page.Locator("[data-live]").WaitForAsync();
        await Assertions.Expect(Page).ToHaveTitleAsync(new Regex("Pulse$"));
        if (hasChart)
            await Page.Locator(".chart[data-drawn]").First.WaitForAsync();
    }

    /// <summary>The big number.</summary>
    public async Task<long> TotalAsync() =>
        long.TryParse(
            await Page.GetByTestId("total").TextContentAsync(), NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var total)
            ? total
            : -1;

    /// <summary>Waits until the big number is the given one.</summary>
    public async Task ExpectTotalAsync(long total)
    {
        var text = total.ToString("N0", CultureInfo.InvariantCulture);
        await Assertions.Expect(Page.GetByTestId("total")).ToHaveTextAsync(text);
    }

    /// <summary>What the tree map has drawn: counts by "device|genre".</summary>
    public Task<Dictionary<string, long>> DrawnTreeAsync() => Page.EvaluateAsync<Dictionary<string, long>>(
        """
        () => Object.fromEntries(
          echarts.getInstanceByDom(document.querySelector('.chart.tall')).getOption().series[0].data
            .flatMap((device) => device.children.map((genre) => [`${device.name}|${genre.name}`, genre.value])))
        """);

    /// <summary>The rows of the page's table of numbers, which is opened where it is closed.</summary>
    public async Task<Dictionary<string, long>> NumbersAsync()
    {
        var closed = Page.Locator("details.numbers:not([open]) > summary");
        if (await closed.CountAsync() > 0)
        {
            await closed.ClickAsync();
            await Assertions.Expect(Page.Locator("details.numbers tr[data-key]").First).ToBeVisibleAsync();
        }

        var rows = await Page.EvaluateAsync<string[]>(
            "() => [...document.querySelectorAll('tr[data-key]')].map(row => row.dataset.key + '\\t' + row.querySelector('[data-count]').dataset.count)");
        return rows.Select(row => row.Split('\t')).ToDictionary(row => row[0], row => long.Parse(row[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Opens one of the filters and ticks values in it.</summary>
    public async Task ChooseAsync(string filter, params string[] values)
    {
        var picker = Page.Locator("details.picker").Filter(new LocatorFilterOptions { Has = Page.Locator($"summary:text-matches('^{filter}')") });
        await picker.Locator("summary").ClickAsync();
        foreach (var value in values)
            await picker.GetByLabel(value, new LocatorGetByLabelOptions { Exact = true }).CheckAsync();
        await picker.Locator("summary").ClickAsync();
    }

    /// <summary>Keeps a picture beside the test's output.</summary>
    public async Task KeepPictureAsync(string name)
    {
        var directory = typeof(View).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == "Pictures").Value!;
        await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(directory, name + ".png") });
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}
