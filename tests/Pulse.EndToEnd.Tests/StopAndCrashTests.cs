using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>Nodes that stop or die in mid-run, and what the next one finds.</summary>
public sealed class StopAndCrashTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RunLimit = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan Never = TimeSpan.FromHours(24);
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(500);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task A_node_that_is_asked_to_stop_leaves_nothing_to_count_again()
    {
        const int Events = 40_000;
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        var tables = ResultTables.OfPostgres(database);

        var environment = stream.Environment(database, Never);
        environment["Logging__LogLevel__Akka"] = "Information";
        environment["Logging__LogLevel__Akka.Cluster"] = "Information";
        // What a cluster says of itself has no class to be called by.
        environment["Logging__LogLevel__Akka.Event"] = "Information";
        await using var first = Host(environment);
        await first.StatusAsync();
        await using var simulator = Produce(stream, Events, rate: 4_000);
        await first.ConsumedAsync(5_000, RunLimit);
        first.Terminate();
        Assert.Equal(0, await first.ExitAsync(StopLimit));
        Assert.Empty(first.Errors);
        Assert.Contains(first.Output, line => line.Contains("Exiting completed", StringComparison.Ordinal));

        var stored = Assert.Single((await tables.BalanceAsync()).Select(rollup => rollup.Consumed).Distinct());
        Assert.InRange(stored, 5_000, Events - 1);
        var counted = await tables.ReadAsync();
        Assert.All(RollupCounts.Dimensions.Keys, rollup => Assert.Equal(stored, counted.Sum(rollup)));

        await using var second = Host(stream.Environment(database, Often));
        Assert.Equal(0, await simulator.ExitAsync(RunLimit));
        await Eventually.HoldsAsync("everything committed", RunLimit, () => Task.FromResult(stream.Committed() == Events));
        Assert.Equal(Events - stored, (await second.StatusAsync()).Consumed);
        second.Terminate();
        Assert.Equal(0, await second.ExitAsync(StopLimit));
        RollupCounts.AssertEqual(RollupCounts.Of(stream.Judge()), await tables.ReadAsync());
    }

    [Fact]
    public async Task Nodes_killed_at_random_moments_lose_and_repeat_nothing()
    {
        var kills = LongForm.IsWanted ? 12 : 2;
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}.");
        var random = new Random(seed);
        var events = kills * 15_000;
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        await using var simulator = Produce(stream, events, rate: 3_000);

        var environment = stream.Environment(database, Often);
        for (var kill = 0; kill < kills; kill++)
        {
            await using var victim = Host(environment);
            var enough = random.Next(1, 10_000);
            await Eventually.HoldsAsync("enough, or all, is read", RunLimit, async () =>
                (await victim.StatusAsync()).Consumed >= enough || stream.Committed() == events);
            await victim.KillAsync();
        }

        await using var survivor = Host(environment);
        Assert.Equal(0, await simulator.ExitAsync(RunLimit));
        await survivor.ExportedAsync(RunLimit);
        await Eventually.HoldsAsync("everything committed", RunLimit, () => Task.FromResult(stream.Committed() == events));
        survivor.Terminate();
        Assert.Equal(0, await survivor.ExitAsync(StopLimit));
        var truth = RollupCounts.Of(stream.Judge());
        RollupCounts.AssertEqual(truth, await ResultTables.OfPostgres(database).ReadAsync());
        RollupCounts.AssertEqual(truth, ParquetFiles.Read(_directory["data/warehouse"]));
    }

    public void Dispose() => _directory.Dispose();

    private PulseProcess Host(Dictionary<string, string> environment) =>
        PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data");

    private PulseProcess Produce(TestStream stream, int events, int rate) => stream.Produce(
        _directory, _directory["truth.json"], "--events", $"{events}", "--rate", $"{rate}", "--seed", "7");
}
