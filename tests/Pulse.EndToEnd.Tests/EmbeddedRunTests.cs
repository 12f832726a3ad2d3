using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests;

/// <summary>The one command, with the broker and the simulator in the node's own process.</summary>
public sealed class EmbeddedRunTests(PostgresFixture postgres) : IDisposable
{
    private const int Events = 20_000;
    private static readonly TimeSpan RunLimit = TimeSpan.FromSeconds(180);
    private readonly TestDirectory _directory = new();

    [Fact]
    public Task A_run_on_SQLite_counts_and_exports_exactly_and_the_next_run_adds_its_own() =>
        RunTwiceAsync([], ResultTables.OfSqlite(_directory["data"]));

    [Fact]
    public async Task A_run_on_Postgres_counts_and_exports_exactly_and_the_next_run_adds_its_own()
    {
        var database = await postgres.CreateDatabaseAsync();
        await RunTwiceAsync(
            new Dictionary<string, string> { ["Pulse__Storage__ConnectionString"] = database },
            ResultTables.OfPostgres(database));
    }

    public void Dispose() => _directory.Dispose();

    private async Task RunTwiceAsync(Dictionary<string, string> environment, ResultTables tables)
    {
        var first = await RunAsync(environment, "7");
        Assert.Equal(Events, first.Events);
        Assert.All(RollupCounts.Dimensions.Keys, rollup => Assert.Equal(Events, first.Sum(rollup)));
        RollupCounts.AssertEqual(first, await tables.ReadAsync());
        RollupCounts.AssertEqual(first, ParquetFiles.Read(_directory["data/warehouse"]));
        Assert.Empty(await tables.DeadLettersAsync());

        var second = await RunAsync(environment, "8", "--bad", "0.01", "--late", "0.05", "--out-of-order", "2m");
        Assert.InRange(second.Malformed, 1, Events / 10);
        var both = first.Plus(second);
        RollupCounts.AssertEqual(both, await tables.ReadAsync());
        RollupCounts.AssertEqual(both, ParquetFiles.Read(_directory["data/warehouse"]));
        Assert.Equal(second.Malformed, (await tables.DeadLettersAsync()).Values.Sum());
    }

    private async Task<RollupCounts> RunAsync(
        Dictionary<string, string> environment, string seed, params string[] arguments)
    {
        var truth = _directory[$"truth-{seed}.json"];
        await using var host = PulseProcess.Host(_directory, environment,
        [
            "run", "--events", "20000", "--rate", "10000", "--seed", seed, "--data", "data", "--exit-on-complete",
            "--truth", truth, "--port", "0", .. arguments,
        ]);
        Assert.Equal(0, await host.ExitAsync(RunLimit));
        Assert.Empty(host.Errors);
        Assert.DoesNotContain(host.Output, line => line.Contains(" warn ", StringComparison.Ordinal)
            || line.Contains(" error ", StringComparison.Ordinal));
        Assert.Contains(host.Output, line => line.EndsWith(
            "*** DATA SIMULATION COMPLETED *** 20,000 events delivered.", StringComparison.Ordinal));
        host.AssertNoStackTrace();
        return RollupCounts.OfTruth(truth);
    }
}
