using System.Net;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>A database that goes away in mid-run and comes back. The server is this class's own.</summary>
public sealed class StorageOutageTests(KafkaFixture kafka, StorageOutageTests.OwnServer postgres)
    : IClassFixture<StorageOutageTests.OwnServer>, IDisposable
{
    private const int EventsPerSecond = 1_500;
    private const long MemoryLimitMegabytes = 600;
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(LongForm.IsWanted ? 60 : 15);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RunLimit = TimeSpan.FromSeconds(180);
    private readonly TestDirectory _directory = new();

    [Fact]
    public Task A_database_that_stops_for_a_while_costs_no_event_and_few_words() =>
        SurviveAsync(() => postgres.Server.StopAsync(), () => postgres.Server.StartAsync());

    [Fact]
    public Task A_database_that_hangs_for_a_while_costs_no_event_and_few_words() =>
        SurviveAsync(() => postgres.Server.PauseAsync(), () => postgres.Server.ResumeAsync());

    [Fact]
    public async Task A_node_that_is_asked_to_stop_while_the_database_is_away_ends_in_time_and_costs_no_event()
    {
        const int Events = 12_000;
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.Server.CreateDatabaseAsync();
        await using var simulator = Produce(stream, Events);
        await using (var host = Host(stream, database))
        {
            await host.ConsumedAsync(1_000, RunLimit);
            await postgres.Server.StopAsync();
            try
            {
                await Eventually.HoldsAsync(
                    "the node notices", RunLimit, async () => !(await host.StatusAsync()).StorageAvailable);
                host.Terminate();
                Assert.Equal(0, await host.ExitAsync(StopLimit));
                AssertFewWords(host);
            }
            finally
            {
                await postgres.Server.StartAsync();
            }
        }

        await using var next = Host(stream, database);
        await next.StatusAsync();
        Assert.Equal(0, await simulator.ExitAsync(RunLimit));
        await Eventually.HoldsAsync("everything committed", RunLimit, () => Task.FromResult(stream.Committed() == Events));
        next.Terminate();
        Assert.Equal(0, await next.ExitAsync(StopLimit));
        RollupCounts.AssertEqual(
            RollupCounts.Of(stream.Judge()), await ResultTables.OfPostgres(database).ReadAsync());
    }

    public void Dispose() => _directory.Dispose();

    private async Task SurviveAsync(Func<Task> takeAway, Func<Task> giveBack)
    {
        var events = EventsPerSecond * ((int)Outage.TotalSeconds + 15);
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.Server.CreateDatabaseAsync();
        await using var host = Host(stream, database);
        await host.StatusAsync();
        await using var simulator = Produce(stream, events);
        await Eventually.HoldsAsync("some events committed", RunLimit, () => Task.FromResult(stream.Committed() > 5_000));

        await takeAway();
        try
        {
            await Eventually.HoldsAsync(
                "the node notices", RunLimit, async () => !(await host.StatusAsync()).StorageAvailable);
            // The length of the outage is what is tested.
            await Task.Delay(Outage);
            Assert.False((await host.StatusAsync()).StorageAvailable);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await host.HealthAsync("ready"));
            Assert.Equal(HttpStatusCode.OK, await host.HealthAsync("live"));
        }
        finally
        {
            await giveBack();
        }

        await Eventually.HoldsAsync(
            "the node recovers", RunLimit, async () => (await host.StatusAsync()).StorageAvailable);
        Assert.Equal(HttpStatusCode.OK, await host.HealthAsync("ready"));
        Assert.InRange(host.PeakMegabytes, 1, MemoryLimitMegabytes);
        Assert.Equal(0, await simulator.ExitAsync(RunLimit));
        await host.ExportedAsync(RunLimit);
        host.Terminate();
        Assert.Equal(0, await host.ExitAsync(StopLimit));

        var truth = RollupCounts.Of(stream.Judge());
        RollupCounts.AssertEqual(truth, await ResultTables.OfPostgres(database).ReadAsync());
        RollupCounts.AssertEqual(truth, ParquetFiles.Read(_directory["data/warehouse"]));
        AssertFewWords(host);
        Assert.Single(host.Output, line => line.Contains("Storage is back", StringComparison.Ordinal));
    }

    private PulseProcess Host(TestStream stream, string database) => PulseProcess.Host(
        _directory, stream.Environment(database, TimeSpan.FromSeconds(1)), "run", "--port", "0", "--data", "data");

    private PulseProcess Produce(TestStream stream, int events) => stream.Produce(
        _directory, _directory["truth.json"], "--events", $"{events}", "--rate", $"{EventsPerSecond}");

    private static void AssertFewWords(PulseProcess host)
    {
        host.AssertNoStackTrace();
        Assert.Empty(host.Errors);
        Assert.Single(host.Output, line => line.Contains("Storage is away", StringComparison.Ordinal));
        var warnings = host.Output.Where(line => line.Contains(" warn ", StringComparison.Ordinal)
            || line.Contains(" error ", StringComparison.Ordinal)).ToList();
        Assert.True(warnings.Count <= 2, string.Join(Environment.NewLine, warnings));
    }

    /// <summary>Not the assembly's server: other classes need theirs at the same time.</summary>
    public sealed class OwnServer : IAsyncLifetime
    {
        public PostgresFixture Server { get; } = new();

        public ValueTask InitializeAsync() => Server.InitializeAsync();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
