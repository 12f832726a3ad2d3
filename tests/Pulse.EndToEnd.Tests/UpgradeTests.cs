using Pulse.Actors.Storage;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Earlier;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>Nodes that find a database of the version before this one.</summary>
public sealed class UpgradeTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task Two_nodes_upgrade_a_drained_database_go_on_exactly_in_its_stream_and_export_nothing_again()
    {
        const int More = 5_000;
        var earlier = new EarlierDatabase(StorageKind.Postgres, IsDrained: true);
        var stream = await TestStream.CreateAsync(kafka, earlier.Progress.Offsets.Count);
        var database = await postgres.CreateDatabaseAsync();
        await earlier.RestoreAsync(new StorageOptions(StorageKind.Postgres, database));
        await using (var simulator = stream.Produce(_directory, _directory["truth.json"], [.. EarlierDatabase.PostgresSimulation]))
            Assert.Equal(0, await simulator.ExitAsync(Limit));
        await stream.MoveOffsetsAsync((_, range) => range.High);
        var tables = ResultTables.OfPostgres(database);
        RollupCounts.AssertEqual(RollupCounts.Of(stream.Judge()), await tables.ReadAsync());

        var environment = stream.Environment(database, TimeSpan.FromSeconds(1));
        // The topic is another one than that of the database, with the same records.
        environment["Pulse__Kafka__StreamIdentity"] = earlier.Progress.Stream;
        await using var first = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data");
        await using var second = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data-too");
        await Task.WhenAll(first.StatusAsync(), second.StatusAsync());
        Assert.Single(
            first.Output.Concat(second.Output), line => line.Contains(
                "upgraded from an earlier version of Pulse, with 976 events in 4 rollups", StringComparison.Ordinal));
        second.Terminate();
        Assert.Equal(0, await second.ExitAsync(StopLimit));

        await stream.ProduceAsync(More);
        var all = earlier.Progress.Offsets.Values.Sum() + More;
        await Eventually.HoldsAsync("everything is stored", Limit, () => Task.FromResult(stream.Committed() == all));
        // The ledger says that the completion was seen, so reading goes on behind it.
        await first.ExportedAsync(Limit);
        first.Terminate();
        Assert.Equal(0, await first.ExitAsync(StopLimit));

        Assert.Equal(More, (await tables.BalanceAsync()).Select(rollup => rollup.Consumed).Distinct().Single() - earlier.Progress.Offsets.Values.Sum());
        Assert.All(await tables.BalanceAsync(), rollup => Assert.True(rollup.IsEven));
        var judge = stream.Judge();
        RollupCounts.AssertEqual(RollupCounts.Of(judge), await tables.ReadAsync());
        Assert.Equal(judge.DeadLetters, await tables.DeadLettersAsync());
        Assert.Empty(Directory.EnumerateFiles(_directory["data"], "*.parquet", SearchOption.AllDirectories));
        Assert.Empty(Directory.EnumerateFiles(_directory["data-too"], "*.parquet", SearchOption.AllDirectories));
        Assert.Empty(first.Errors.Concat(second.Errors));
    }

    [Fact]
    public async Task A_killed_database_ends_the_start_with_one_line_and_stays()
    {
        var earlier = new EarlierDatabase(StorageKind.Postgres, IsDrained: false);
        var stream = await TestStream.CreateAsync(kafka, earlier.Progress.Offsets.Count);
        var database = await postgres.CreateDatabaseAsync();
        await earlier.RestoreAsync(new StorageOptions(StorageKind.Postgres, database));
        await stream.ProduceAsync(4_000);
        await stream.MoveOffsetsAsync((partition, _) => earlier.Progress.Offsets[partition]);
        var before = await ResultTables.OfPostgres(database).ReadAsync();

        var environment = stream.Environment(database, null);
        environment["Pulse__Kafka__StreamIdentity"] = earlier.Progress.Stream;
        await using var host = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data");

        Assert.Equal(1, await host.ExitAsync(Limit));
        Assert.EndsWith(
            "Start that version once more, let it catch up, and stop it with SIGTERM, all nodes; then start this one.",
            Assert.Single(host.Errors),
            StringComparison.Ordinal);
        host.AssertNoStackTrace();
        RollupCounts.AssertEqual(before, await ResultTables.OfPostgres(database).ReadAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_everything_embedded_a_drained_file_is_counted_on_and_a_killed_one_is_refused(bool isDrained)
    {
        var file = _directory["data/pulse.db"];
        await new EarlierDatabase(StorageKind.Sqlite, isDrained).RestoreAsync(new StorageOptions(StorageKind.Sqlite, $"Data Source={file}"));
        var before = await ResultTables.OfSqlite(_directory["data"]).ReadAsync();
        var truth = _directory["truth.json"];

        await using var host = PulseProcess.Host(
            _directory, new Dictionary<string, string>(), "run", "--events", "3000", "--rate", "3000", "--data", "data", "--port", "0",
            "--exit-on-complete", "--truth", truth);
        var exit = await host.ExitAsync(Limit);

        host.AssertNoStackTrace();
        var after = await ResultTables.OfSqlite(_directory["data"]).ReadAsync();
        Assert.Equal(isDrained ? 0 : 1, exit);
        if (isDrained)
        {
            Assert.Contains(host.Output, line => line.Contains("upgraded from an earlier version of Pulse", StringComparison.Ordinal));
            RollupCounts.AssertEqual(before.Plus(RollupCounts.OfTruth(truth)), after);
        }
        else
        {
            Assert.Contains("events of", Assert.Single(host.Errors), StringComparison.Ordinal);
            RollupCounts.AssertEqual(before, after);
        }
    }

    public void Dispose() => _directory.Dispose();
}
