using System.Net;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>
/// A database that refuses what some rollups have, for the sake of a row or of a table: these stand apart, with the reason, and everything
/// else goes on, however long it lasts.
/// </summary>
public sealed class RefusedRollupTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private const string ByGenre = "viewsByDeviceGenre";
    private const string ByGender = "viewsByGenderAgeGroup";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task Rollups_that_are_refused_stand_apart_and_are_stored_when_the_reason_is_gone()
    {
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(1_000);
        await using (var node = Start(stream, database))
        {
            await ExactCounts.StoredAsync(database, 1_000, Limit);

            // A row that a constraint refuses, and a column that has another name.
            await OtherSession.ExecuteAsync(database, $"alter table {ByGenre}Aggregation add constraint no_drama check (genre <> 'Drama') not valid");
            await OtherSession.ExecuteAsync(database, $"alter table {ByGender}Aggregation rename column view_count to counted");
            await stream.ProduceAsync(500);

            await OthersAsync(database, 1_500, ByGenre, ByGender);
            await ToldAsync(node);
            // With what is refused in memory, it ends like any other.
            node.Terminate();
            Assert.Equal(0, await node.ExitAsync(StopLimit));
            node.AssertNoStackTrace();
        }

        // A node that starts finds the table, and not the row.
        await using (var refused = Start(stream, database))
        {
            Assert.Equal(2, await refused.ExitAsync(Limit));
            Assert.Contains("table viewsbygenderagegroupaggregation has no column view_count", Assert.Single(refused.Errors), StringComparison.Ordinal);
        }

        await OtherSession.ExecuteAsync(database, $"alter table {ByGender}Aggregation rename column counted to view_count");
        await using (var next = Start(stream, database))
        {
            await OthersAsync(database, 1_500, ByGenre);
            await Eventually.HoldsAsync(
                "one rollup stands apart", Limit, async () => (await next.StatusAsync()).Apart is [{ Rollup: ByGenre }]);
            await stream.ProduceAsync(300);
            await OthersAsync(database, 1_800, ByGenre);

            await OtherSession.ExecuteAsync(database, $"alter table {ByGenre}Aggregation drop constraint no_drama");
            await ExactCounts.StoredAsync(database, 1_800, RecoveryLimit);
            await Eventually.HoldsAsync("nothing stands apart", Limit, async () => (await next.StatusAsync()).Apart.Count == 0);
            await next.LineAsync($"Rollup {ByGenre} stands apart no longer on this node.", Limit);
            await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfPostgres(database));
            Assert.DoesNotContain(next.Output, line => line.Contains("Storage is", StringComparison.Ordinal));
            next.AssertNoStackTrace();
        }
    }

    public void Dispose() => _directory.Dispose();

    private PulseProcess Start(TestStream stream, string database) => PulseProcess.Host(
        _directory, stream.Environment(database, checkpointInterval: null), "run", "--port", "0", "--data", "data");

    private static Task OthersAsync(string database, long records, params string[] refused) => Eventually.HoldsAsync(
        $"{records} records stored of all rollups but {string.Join(", ", refused)}", Limit,
        async () => (await ResultTables.OfPostgres(database).BalanceAsync())
            .All(rollup => refused.Contains(rollup.Rollup) ? rollup.Consumed < records : rollup.Consumed == records));

    // Log, API, page, metric and readiness.
    private static async Task ToldAsync(PulseProcess node)
    {
        const string Genre = "new row for relation \"viewsbydevicegenreaggregation\" violates check constraint \"no_drama\" (SQLSTATE 23514; "
            + "table viewsbydevicegenreaggregation; constraint no_drama; Failing row contains (";
        const string Gender = "column \"view_count\" of relation \"viewsbygenderagegroupaggregation\" does not exist";
        IReadOnlyList<RollupApart> apart = [];
        await Eventually.HoldsAsync("both stand apart", Limit, async () => (apart = (await node.StatusAsync()).Apart).Count == 2);
        Assert.Equal([ByGenre, ByGender], apart.Select(each => each.Rollup));
        Assert.StartsWith($"Rollup {ByGenre} stands apart: what bucket {apart[0].Buckets[0]} has to store is refused", apart[0].Problem, StringComparison.Ordinal);
        Assert.Contains(Genre, apart[0].Problem, StringComparison.Ordinal);
        Assert.Contains("Drama, ", apart[0].Problem, StringComparison.Ordinal);
        Assert.Contains(Gender, apart[1].Problem, StringComparison.Ordinal);

        foreach (var reason in (string[])[Genre, Gender])
            await node.LineAsync(reason, Limit);
        Assert.Equal(2, node.Output.Count(line => line.Contains("The other rollups go on.", StringComparison.Ordinal)));
        Assert.DoesNotContain(node.Output, line => line.Contains("Storage is", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, await node.HealthAsync("ready"));
        Assert.Contains($"{ByGenre}, {ByGender} stand apart; /api/status says why.", await node.GetAsync("/health/ready"), StringComparison.Ordinal);
        Assert.Contains($"pulse_bucket_apart{{rollup=\"{ByGenre}\"", await MetricsAsync(node), StringComparison.Ordinal);
        await Eventually.HoldsAsync("the page says it", Limit, async () =>
            (await node.GetAsync("/cluster")).Contains($"Rollup {ByGenre} stands apart: what bucket", StringComparison.Ordinal));
    }

    // Without the labels of the library, which tests of the metrics judge.
    private static async Task<string> MetricsAsync(PulseProcess node) => System.Text.RegularExpressions.Regex.Replace(
        await node.GetAsync("/metrics"), "otel_scope_[a-z_]+=\"[^\"]*\",?", "");
}
