using System.Net;
using Microsoft.Playwright;
using Pulse.Dashboard.Tests;
using Pulse.Testing;

[assembly: AssemblyFixture(typeof(Browser))]
[assembly: AssemblyFixture(typeof(FinishedNode))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Pulse.Dashboard.Tests;

/// <summary>Every page of a node whose counts are known.</summary>
public sealed class PageTests(Browser browser, FinishedNode node)
{
    private static readonly string? Axe = AxeScript.Find();

    public static TheoryData<string, string> Pictures => new()
    {
        { "/", "viewsByDeviceGenre" },
        { "/audience", "viewsByGenderAgeGroup" },
        { "/map", "viewsByLocationMR" },
        { "/rollups/viewsByDeviceGenre", "viewsByDeviceGenre" },
    };

    [Theory]
    [MemberData(nameof(Pictures))]
    public async Task A_page_shows_what_is_true_and_complains_of_nothing(string path, string rollup)
    {
        await using var view = await browser.OpenAsync(node.Address);
        await view.GoAsync(path);

        var truth = node.Truth(rollup);
        await view.ExpectTotalAsync(truth.Sum(row => row.Count));
        Assert.Equal(
            truth.GroupBy(row => $"{row.First}|{row.Second}").ToDictionary(group => group.Key, group => group.Sum(row => row.Count)),
            await view.NumbersAsync());
        Assert.Empty(view.Complaints);
        await view.KeepPictureAsync($"{rollup}{(path.StartsWith("/rollups", StringComparison.Ordinal) ? "-table" : "")}");
    }

    [Fact]
    public async Task Filters_of_time_and_value_show_exactly_what_they_name()
    {
        var truth = node.Truth("viewsByDeviceGenre");
        await using var view = await browser.OpenAsync(node.Address);
        await view.GoAsync("/");

        await view.ChooseAsync("Date", "2025-02-01");
        await view.ExpectTotalAsync(truth.Where(row => row.WindowEnd.Day == 1).Sum(row => row.Count));

        await view.ChooseAsync("Minute", "05", "10");
        await view.ExpectTotalAsync(truth.Where(row => row.WindowEnd is { Day: 1, Minute: 5 or 10 }).Sum(row => row.Count));

        await view.ChooseAsync("Genre", "Drama");
        await view.ChooseAsync("Device", "Mobile", "Tablet");
        var wanted = truth.Where(row => row.WindowEnd is { Day: 1, Minute: 5 or 10 } && row.Second == "Drama" && row.First is "Mobile" or "Tablet"
            && row.WindowEnd is { Day: 1, Minute: 5 or 10 } && row.Second == "Drama").ToList();
        await view.ExpectTotalAsync(wanted.Sum(row => row.Count));
        var counts = wanted.GroupBy(row => $"{row.First}|{row.Second}").ToDictionary(group => group.Key, group => group.Sum(row => row.Count));
        Assert.Equal(counts, await view.NumbersAsync());
        await Eventually.HoldsAsync(
            "the picture is drawn", Browser.Patience, async () => (await view.DrawnTreeAsync()).Values.Sum() == counts.Values.Sum());
        Assert.Equal(counts, await view.DrawnTreeAsync());

        await view.ChooseAsync("Hour", "13");
        await Assertions.Expect(view.Page.Locator("[data-state=empty]")).ToBeVisibleAsync();

        await view.Page.GetByRole(AriaRole.Button, new() { Name = "Clear filters" }).First.ClickAsync();
        await view.ExpectTotalAsync(truth.Sum(row => row.Count));
        Assert.Empty(view.Complaints);
    }

    [Fact]
    public async Task The_map_filters_by_rating_and_names_no_country_it_lacks()
    {
        var truth = node.Truth("viewsByLocationMR");
        await using var view = await browser.OpenAsync(node.Address);
        await view.GoAsync("/map");
        await view.ChooseAsync("Maturity rating", "PG-13");

        await view.ExpectTotalAsync(truth.Where(row => row.Second == "PG-13").Sum(row => row.Count));
        Assert.Equal(0, await view.Page.GetByTestId("off-the-map").CountAsync());
    }

    [Fact]
    public async Task The_cluster_page_says_what_became_of_all_records()
    {
        await using var view = await browser.OpenAsync(node.Address);
        await view.GoAsync("/cluster", hasChart: false);

        var rows = view.Page.GetByTestId("balance").Locator("tbody tr");
        await Assertions.Expect(rows).ToHaveCountAsync(4);
        var good = FinishedNode.Events - node.Malformed;
        await Assertions.Expect(rows.Nth(0)).ToContainTextAsync("equal");
        var cells = await rows.Nth(0).Locator("td").AllInnerTextsAsync();
        Assert.Equal(
            ["viewsByDeviceGenre", Number(FinishedNode.Events), Number(good), "0", Number(node.Malformed), "0"], cells.Take(6));
        Assert.Equal("equal", cells[^1]);
        Assert.Empty(view.Complaints);

        static string Number(long value) => value.ToString("N0", System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task A_list_of_values_can_be_searched()
    {
        await using var view = await browser.OpenAsync(node.Address);
        await view.GoAsync("/map");
        await view.Page.Locator("summary:text-matches('^Maturity rating')").ClickAsync();
        var ratings = view.Page.GetByRole(AriaRole.Group, new() { Name = "Maturity rating" }).GetByRole(AriaRole.Checkbox);
        await Assertions.Expect(ratings).ToHaveCountAsync(5);

        await view.Page.GetByPlaceholder("Search maturity rating").FillAsync("tv-");

        await Assertions.Expect(ratings).ToHaveCountAsync(2);
        await view.Page.GetByPlaceholder("Search maturity rating").FillAsync("nothing");
        await Assertions.Expect(view.Page.GetByText("No such value")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Windows_can_be_scrubbed_with_the_keyboard()
    {
        var windows = node.Truth("viewsByDeviceGenre").GroupBy(row => row.WindowEnd).OrderBy(group => group.Key).ToList();
        await using var view = await browser.OpenAsync(node.Address);
        await view.GoAsync("/");

        await view.Page.GetByRole(AriaRole.Slider, new() { Name = "Window" }).FocusAsync();
        await view.Page.Keyboard.PressAsync("ArrowLeft");
        await view.ExpectTotalAsync(windows[^2].Sum(row => row.Count));
        await view.Page.Keyboard.PressAsync("Home");
        await view.ExpectTotalAsync(windows[0].Sum(row => row.Count));
        await view.Page.GetByRole(AriaRole.Button, new() { Name = "Live" }).ClickAsync();
        await view.ExpectTotalAsync(windows.Sum(window => window.Sum(row => row.Count)));
    }

    [Fact]
    public async Task The_table_of_any_rollup_can_be_searched_and_sorted()
    {
        await using var view = await browser.OpenAsync(node.Address);
        await view.GoAsync("/rollups/viewsByLocationMR");
        await view.Page.GetByPlaceholder("Search keys").FillAsync("south k");
        await Assertions.Expect(view.Page.Locator("tr[data-key]")).ToHaveCountAsync(5);
        await view.Page.GetByRole(AriaRole.Button, new() { Name = "Maturity rating", Exact = true }).ClickAsync();
        await Assertions.Expect(view.Page.Locator("tr[data-key]").First).ToHaveAttributeAsync("data-key", "South Korea|NC-17");
    }

    [Fact]
    public async Task The_cluster_page_tells_what_the_node_did()
    {
        await using var view = await browser.OpenAsync(node.Address);
        await view.GoAsync("/cluster", hasChart: false);

        await Assertions.Expect(view.Page.GetByText("all of it in the warehouse")).ToBeVisibleAsync();
        await Assertions.Expect(view.Page.GetByTestId("lag")).ToHaveTextAsync("0");
        await Assertions.Expect(view.Page.GetByTestId("dead-letters")).ToHaveTextAsync(
            node.Malformed.ToString("N0", System.Globalization.CultureInfo.InvariantCulture));
        await Assertions.Expect(view.Page.GetByTestId("partitions").Locator("tbody tr")).ToHaveCountAsync(16);
        await Assertions.Expect(view.Page.GetByTestId("partition-summary")).ToHaveTextAsync("16 partitions, all of them go on.");
        Assert.Empty(view.Complaints);
        await view.KeepPictureAsync("cluster");
    }

    [Theory]
    [InlineData("/rollups")]
    [InlineData("/docs")]
    [InlineData("/rollups/nothing")]
    public async Task Other_pages_complain_of_nothing(string path)
    {
        await using var view = await browser.OpenAsync(node.Address);
        await view.GoAsync(path, hasChart: false);

        await Assertions.Expect(view.Page.Locator("h1")).ToBeVisibleAsync();
        Assert.Empty(view.Complaints);
    }

    [Theory]
    [InlineData("/", HttpStatusCode.OK, "text/html")]
    [InlineData("/nothing", HttpStatusCode.NotFound, "text/html")]
    [InlineData("/pulse.css", HttpStatusCode.OK, "text/css")]
    [InlineData("/health/ready", HttpStatusCode.OK, "text/plain")]
    [InlineData("/api/rollups/viewsByDeviceGenre", HttpStatusCode.OK, "application/json")]
    [InlineData("/api/rollups/viewsByDeviceGenre/stream", HttpStatusCode.MethodNotAllowed, "application/problem+json")]
    public async Task Who_asks_for_the_head_only_gets_what_he_would_get_without_the_body(
        string path, HttpStatusCode status, string type)
    {
        using var client = new HttpClient { BaseAddress = new Uri(node.Address) };
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/rollups/viewsByDeviceGenre/nothing")]
    public async Task A_page_that_is_not_there_leads_on_to_one_that_is(string path)
    {
        await using var view = await browser.OpenAsync(node.Address);
        await view.GoAsync(path, hasChart: false);
        Assert.Contains(view.Complaints, complaint => complaint == $"404 {node.Address}{path}");

        await Assertions.Expect(view.Page.Locator("h1")).ToHaveTextAsync("There is no such page");
        await view.Page.GetByRole(AriaRole.Link, new() { Name = "To the first one." }).ClickAsync();
        await view.ExpectTotalAsync(node.Truth("viewsByDeviceGenre").Sum(row => row.Count));
    }

    public static TheoryData<string, string, int> Looks
    {
        get
        {
            var looks = new TheoryData<string, string, int>();
            foreach (var path in (string[])["/", "/audience", "/map", "/rollups", "/rollups/viewsByDeviceGenre", "/cluster", "/docs"])
            {
                looks.Add(path, "dark", 1440);
                looks.Add(path, "light", 390);
            }

            return looks;
        }
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Pages_can_be_used_by_everybody_and_fit_their_screen(string path, string theme, int width)
    {
        if (Axe is null)
            throw Requirement.Missing(AxeScript.Missing);
        await using var view = await browser.OpenAsync(node.Address, theme, width);
        await view.GoAsync(path, hasChart: path is "/" or "/audience" or "/map" or "/rollups/viewsByDeviceGenre");
        await view.Page.EvaluateAsync(await File.ReadAllTextAsync(Axe, TestContext.Current.CancellationToken));

        var violations = await view.Page.EvaluateAsync<string[]>(
            "async () => (await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }))"
            + ".violations.map(found => found.id + ': ' + found.nodes.map(node => node.target.join(' ')).slice(0, 4).join(', '))");
        Assert.Empty(violations);
        Assert.True(
            await view.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"),
            "The page is wider than the screen.");
        await view.KeepPictureAsync($"{path.Trim('/').Replace('/', '-')}-{theme}-{width}");
    }
}
