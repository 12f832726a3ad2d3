using System.Text.RegularExpressions;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests;

/// <summary>The scaling demo as a person sees it; what a kill does is <see cref="ClusterTests"/>' concern.</summary>
public sealed partial class DemoTests(PostgresFixture postgres) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task The_demo_tells_where_its_dashboards_are_and_ends_with_a_verdict()
    {
        await using var demo = PulseProcess.Host(
            _directory, new Dictionary<string, string>(),
            "demo", "--nodes", "2", "--events", "30000", "--rate", "2000", "--seed", "3", "--data", _directory["demo"]);

        var line = await demo.LineAsync("node 2 is up at ", Limit);
        using var client = new HttpClient();
        var page = await client.GetStringAsync(new Uri(Address().Match(line).Value), TestContext.Current.CancellationToken);
        Assert.Contains("<h1>Device &amp; Genre</h1>", page, StringComparison.Ordinal);

        Assert.Equal(0, await demo.ExitAsync(Limit));
        Assert.Single(demo.Output, line => Pass().IsMatch(line));
        Assert.Single(demo.Output, line => Verified().IsMatch(line));
        demo.AssertNoStackTrace();
    }

    [Fact]
    public async Task The_demo_kills_no_node_where_too_few_are_left()
    {
        await using var demo = PulseProcess.Host(
            _directory, new Dictionary<string, string>(), "demo", "--nodes", "2", "--kill", "--data", _directory["demo"]);

        Assert.Equal(2, await demo.ExitAsync(Limit));
        Assert.StartsWith("--kill needs at least 3 nodes", Assert.Single(demo.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_demo_counts_into_no_database_that_an_installation_uses()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using (var storage = new NodeStorage(new StorageOptions(StorageKind.Postgres, database), RollupCatalog.Default))
            await storage.PrepareAsync(CountingRules.Default, TestContext.Current.CancellationToken);

        await using var demo = PulseProcess.Host(
            _directory, new Dictionary<string, string> { ["Pulse__Storage__ConnectionString"] = database }, "demo", "--data", _directory["demo"]);

        Assert.Equal(1, await demo.ExitAsync(Limit));
        Assert.Contains("is used by an installation of Pulse", Assert.Single(demo.Errors), StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    // How many counts there are depends on how many windows the run fell into.
    [GeneratedRegex("^PASS  30,000 events, [1-9][0-9,]* counts compared, 0 differences$")]
    private static partial Regex Pass();

    [GeneratedRegex(@"^verify  PASS  [1-9][0-9,]* cells, 30,000 records read in [0-9.]+ s, 0 differences\z")]
    private static partial Regex Verified();

    [GeneratedRegex("http://127.0.0.1:[0-9]+")]
    private static partial Regex Address();
}
