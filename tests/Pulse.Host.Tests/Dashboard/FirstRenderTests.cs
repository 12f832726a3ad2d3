using System.Net;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Pulse.Actors.Broker;
using Pulse.Actors.Hosting;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Host.Dashboard;
using Pulse.Host.Dashboard.Layout;
using Pulse.Host.Dashboard.Pages;
using Pulse.Host.Dashboard.Parts;
using Pulse.Testing;
using DeadLetters = Pulse.Events.DeadLetters;

namespace Pulse.Host.Tests.Dashboard;

/// <summary>What a page says before it lives, which is all that a plain GET ever shows: nothing that is not known.</summary>
public sealed partial class FirstRenderTests : IAsyncLifetime
{
    private const long Bad = 349;

    private readonly string _directory = Directory.CreateTempSubdirectory("pulse-first-render-").FullName;
    private readonly ClusterView _view = new();
    private readonly StreamView _stream = new();
    private readonly ReadModel _model = new(RollupCatalog.Default, new LiveOptions(), TimeSpan.Zero);
    private PulseSettings _settings = null!;
    private NodeStorage _storage = null!;

    public static TheoryData<string> Pages => ["/", "/audience", "/map", "/rollups", "/rollups/viewsByLocationMR", "/rollups/deadLetters", "/cluster"];

    // They show nothing that is counted.
    private static readonly string[] WithoutNumbers = ["/docs", "/login", "/not-found"];

    private static readonly string[] Claims =
    [
        "every record was a viewing event", "Their topic holds none", "coordinator does not answer", "None is running", "Nothing yet",
        "No window", "Waiting for the first event", "Nothing is counted", "Nothing has been counted", "No dead letter", "No viewing event",
        "Nothing is known", "brokers' address", "node does not answer", "The numbers are as they were", "while events flow", "go on.", "0 nodes",
        "0 events/s", "Events a second 0", "Buckets 0", "not yet", "Dead letters 0", "Late events 0", "0 views", "0 dead letters", "in 0 windows", "None",
    ];

    public async ValueTask InitializeAsync()
    {
        var storage = new StorageOptions(StorageKind.Sqlite, $"Data Source={Path.Combine(_directory, "pulse.db")}");
        _settings = new PulseSettings(new KafkaSettings("127.0.0.1:1"), storage, RollupCatalog.Default);
        _storage = new NodeStorage(storage, _settings.Catalog);
        await _storage.PrepareAsync(_settings.Rules, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _storage.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_claims_nothing_while_nothing_is_known(string path)
    {
        // Of the page's own database it is known that nothing is in it.
        var text = (await TextAsync(path))
            .Replace("Gaps None: every record of the log was there when it was to be counted.", "", StringComparison.Ordinal)
            .Replace("What operators did Nothing yet.", "", StringComparison.Ordinal);

        Assert.Contains(Text.NotYet, text, StringComparison.Ordinal);
        Assert.All(Claims, claim => Assert.DoesNotContain(claim, text, StringComparison.Ordinal));
    }

    [Fact]
    public void No_page_is_missing_here()
    {
        var routes = typeof(ClusterPage).Assembly.GetTypes().SelectMany(type => type.GetCustomAttributes<RouteAttribute>())
            .Select(route => route.Template).ToList();

        Assert.All(WithoutNumbers, path => Assert.Contains(path, routes));
        var missing = routes.Except(WithoutNumbers).Where(route => !Pages.Any(page => Regex.IsMatch(
            page.Data, $"^{Regex.Replace(route, "{.*?}", "[^/]+")}$")));
        Assert.Empty(missing);
    }

    [Fact]
    public async Task Where_all_that_came_was_bad_no_page_waits_for_the_first_event()
    {
        await CountDeadLettersAsync();

        foreach (var path in (string[])["/", "/audience", "/map", "/rollups/viewsByLocationMR"])
        {
            var text = await TextAsync(path);
            Assert.Contains("No viewing event is counted in the newest windows 349 records were no viewing events", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Waiting for the first event", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Produce viewing events", text, StringComparison.Ordinal);
        }

        Assert.Contains("349 dead letters", await TextAsync("/rollups/deadLetters"), StringComparison.Ordinal);
        var cluster = await TextAsync("/cluster");
        Assert.Contains("Dead letters 349", cluster, StringComparison.Ordinal);
        Assert.Contains("Newest dead letters …", cluster, StringComparison.Ordinal);
        Assert.Contains("Export …", cluster, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_came_a_page_says_what_to_do()
    {
        await FillAsync();

        Assert.Contains("Waiting for the first event", await TextAsync("/map"), StringComparison.Ordinal);
        Assert.DoesNotContain("first event", await TextAsync("/rollups/deadLetters"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_has_only_begun_to_tell_says_no_number_of_its_work()
    {
        _view.Told(Node(deadLettered: 0));

        var text = await TextAsync("/cluster");

        Assert.Contains("Events a second … ", text, StringComparison.Ordinal);
        Assert.Contains("Buckets … Newest checkpoint … ", text, StringComparison.Ordinal);
        Assert.Contains("… events/s", text, StringComparison.Ordinal);
        Assert.DoesNotContain("not yet", text, StringComparison.Ordinal);

        _view.Told(Node(deadLettered: 0) with { Buckets = 3, Consumed = 25, AtUtc = DateTime.UtcNow.AddSeconds(10) });

        Assert.Contains("Events a second 1 ", await TextAsync("/cluster"), StringComparison.Ordinal);
        Assert.Contains("Buckets 3 Newest checkpoint not yet", await TextAsync("/cluster"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task That_there_never_was_a_dead_letter_is_said_only_where_it_is_known()
    {
        const string never = "None: every record was a viewing event.";
        var dead = _model.Find(DeadLetters.RollupName)!;

        Assert.NotEqual(never, DeadLetterTable.Absence(dead, []));
        await FillAsync();
        Assert.Equal(never, DeadLetterTable.Absence(dead, []));
        Assert.NotEqual(never, DeadLetterTable.Absence(dead, [Node(deadLettered: 1)]));
        await CountDeadLettersAsync();
        Assert.NotEqual(never, DeadLetterTable.Absence(dead, []));
    }

    [Fact]
    public async Task That_a_node_reads_another_format_is_on_the_page_of_every_node()
    {
        _view.Told(Node(deadLettered: 500) with { FormatProblem = "98 % of the records are no viewing events." });

        Assert.Contains("another format a:1: 98 % of the records are no viewing events.", await TextAsync("/cluster"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Partitions_that_nobody_reads_yet_do_not_go_on()
    {
        Assert.Contains("Partitions …", await TextAsync("/cluster"), StringComparison.Ordinal);
        var now = DateTime.UtcNow;
        _stream.State = new StreamState(now, now)
        {
            Stream = "cluster/topic/id",
            KafkaAnsweredUtc = now,
            Partitions = [new PartitionState(0), new PartitionState(1) { Reader = "a#1", ReaderAddress = "a:1" }, new PartitionState(2)],
        };

        Assert.Contains("3 partitions. 2 partitions (0, 2) wait for a reader.", await TextAsync("/cluster"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_never_answered_is_named_with_its_setting()
    {
        var now = DateTime.UtcNow;
        _stream.State = new StreamState(now.AddSeconds(-60), now) { KafkaProblem = "Nobody answers at 127.0.0.1:1." };

        var text = await TextAsync("/cluster");

        Assert.Contains("Nobody answers at 127.0.0.1:1. Check the brokers' address, Pulse:Kafka:BootstrapServers.", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/audience")]
    [InlineData("/map")]
    [InlineData("/rollups/viewsByLocationMR")]
    public async Task The_filters_by_time_say_what_they_are_of(string path)
    {
        var text = await TextAsync(path);

        Assert.All((string[])["Date", "Hour", "Minute"], label => Assert.Contains($"{label} all Of the window's end, UTC", text, StringComparison.Ordinal));
    }

    private static NodeStatus Node(long deadLettered) => new(
        "a#1", "a:1", DateTime.UtcNow, Consumed: 5, deadLettered, SessionRestarts: 0, Buckets: 0, Shards: 0, Checkpoints: 0, LastCheckpointUtc: null,
        LastCommitUtc: null, StorageProblem: null, Partitions: []);

    private async Task CountDeadLettersAsync()
    {
        var window = Window.Containing(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), (long)_settings.Rules.WindowLength.TotalSeconds);
        await new BucketWriter(_storage, _settings.Catalog)
            .CountAsync(DeadLetters.Rollup, [new KeyCount(new RollupKey("NotJson"), window, Bad)]);
        await FillAsync();
    }

    private Task FillAsync() =>
        new ModelFiller(_storage.Results, _settings.Live).FillAsync(_model, _settings.Live.Windows, TestContext.Current.CancellationToken);

    // The words of a page, as somebody without scripts reads them.
    private async Task<string> TextAsync(string path)
    {
        await using var services = Services(path);
        await using var renderer = new HtmlRenderer(services, NullLoggerFactory.Instance);
        var html = await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<LayoutView>(ParameterView.FromDictionary(
            new Dictionary<string, object?>
            {
                [nameof(LayoutView.Layout)] = typeof(MainLayout),
                [nameof(LayoutView.ChildContent)] = Page(path),
            }))).ToHtmlString());
        return Spaces().Replace(WebUtility.HtmlDecode(Tags().Replace(html, " ")), " ");
    }

    private static RenderFragment Page(string path) => builder =>
    {
        builder.OpenComponent(0, path switch
        {
            "/" => typeof(DeviceGenre),
            "/audience" => typeof(Audience),
            "/map" => typeof(WorldMap),
            "/rollups" => typeof(RollupList),
            "/cluster" => typeof(ClusterPage),
            _ => typeof(RollupPage),
        });
        if (path.StartsWith("/rollups/", StringComparison.Ordinal))
            builder.AddComponentParameter(1, nameof(RollupPage.Name), path["/rollups/".Length..]);
        builder.CloseComponent();
    };

    private ServiceProvider Services(string path)
    {
        // Pages ask for what a web host has: its settings and where it is.
        var services = WebApplication.CreateSlimBuilder().Services;
        services.AddRazorComponents();
        services.AddSingleton<NavigationManager>(new Place(path));
        services.AddSingleton(_settings);
        services.AddSingleton(_view);
        services.AddSingleton(_stream);
        services.AddSingleton(_model);
        services.AddSingleton(new Balances(_settings.Catalog));
        services.AddSingleton(_storage.Results);
        services.AddSingleton(_storage.Gaps);
        services.AddSingleton(_storage.Actions);
        services.AddSingleton<RollupReader>();
        services.AddScoped<Redraw>();
        // Whom the first text must not wait for: neither is asked.
        services.AddSingleton(new Exports(null!));
        services.AddSingleton(new DeadLetterReader(_settings.Kafka));
        services.AddSingleton(_ =>
        {
            using var world = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "world.json"));
            return new CountryNames(world);
        });
        return services.BuildServiceProvider();
    }

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tags();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    private sealed class Place : NavigationManager
    {
        public Place(string path) => Initialize("http://localhost/", $"http://localhost{path}");
    }
}
