using System.Globalization;
using System.Text.Json;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>A rollup is counted again from the log while nodes run and events flow.</summary>
public sealed class RebuildTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private const string Rebuilt = "viewsByDeviceGenre";
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task Under_two_running_nodes_a_rollup_is_counted_again_and_the_others_keep_theirs()
    {
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        var ports = FreePorts.Take(2);
        await using var first = Host(stream.Environment(database, Often, ports, 0));
        await using var second = Host(stream.Environment(database, Often, ports, 1));
        await using var producer = stream.Produce(_directory, rate: 2_000);
        await ExactCounts.CountedAsync(database, 10_000, Limit);
        var versions = await VersionsAsync(database);

        var (exitCode, output) = await RebuildAsync(stream.Environment(database, null), "--rollup", Rebuilt, "--yes");

        Assert.True(exitCode == 0, string.Join('\n', output));
        Assert.Contains(output, line => line.Contains("table viewsByDeviceGenreAggregation is emptied and counted again", StringComparison.Ordinal));
        Assert.Contains(output, line => line.Contains("records are read again, those of 16 partitions", StringComparison.Ordinal));
        Assert.Contains(
            "Done. Running nodes begin to read within seconds, and their pages follow within half a minute. A partition whose log was cut waits "
            + "until all rollups are rebuilt.",
            output);
        Assert.Equal(versions, await VersionsAsync(database));
        await ExactCounts.AssertAtEndAsync(stream, producer, database, Limit);
    }

    [Fact]
    public async Task Of_a_log_that_lost_its_beginning_what_is_left_is_counted_and_the_gap_is_stored()
    {
        var stream = await TestStream.CreateAsync(kafka, partitions: 2);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(3_000);
        await using var host = Host(stream.Environment(database, Often));
        await ExactCounts.StoredAsync(database, 3_000, Limit);
        await stream.DeleteRecordsAsync(partition: 0, below: 500);

        var (exitCode, output) = await RebuildAsync(stream.Environment(database, null), "--rollup", Rebuilt, "--yes");

        Assert.Equal(0, exitCode);
        Assert.Contains(output, line => line.Contains("2,500 records are read again", StringComparison.Ordinal));
        Assert.Contains(output, line => line.Contains("Gone from the log, and so from the counts: partition 0 below 500.", StringComparison.Ordinal));
        var tables = ResultTables.OfPostgres(database);
        await Eventually.HoldsAsync("the rest is counted", Limit, async () => (await tables.BalanceAsync()).Single(each => each.Rollup == Rebuilt).Consumed == 2_500);
        Assert.Equal(2_500, (await tables.ReadAsync()).Sum(Rebuilt));
        Assert.Equal(3_000, (await tables.ReadAsync()).Sum("viewsByLocationMR"));
        Assert.Equal(["0-500"], await DatabaseAsync(
            database, "select distinct from_offset || '-' || to_offset from pulse_gap join pulse_version using (version) where rollup = 'viewsByDeviceGenre'"));
        await AssertGapIsShownAsync(host, stream);
    }

    [Fact]
    public async Task Declared_otherwise_it_is_counted_by_nodes_that_know_and_those_that_do_not_end_with_2()
    {
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(3_000);
        await using var old = Host(WithTitles(stream.Environment(database, Often), buckets: 4));
        await ExactCounts.StoredAsync(database, 3_000, Limit);
        var now = WithTitles(stream.Environment(database, Often), buckets: 8);

        await using (var refused = Host(now))
        {
            Assert.Equal(2, await refused.ExitAsync(Limit));
            Assert.Contains(refused.Errors, line => line.Contains(
                "rollup viewsByTitle was counted under another declaration: buckets was '4' and is now '8'", StringComparison.Ordinal));
            Assert.Contains(refused.Errors, line => line.Contains("'pulse rebuild --rollup viewsByTitle'", StringComparison.Ordinal));
        }

        var (exitCode, output) = await RebuildAsync(now, "--rollup", "viewsbytitle", "--yes");

        Assert.True(exitCode == 0, string.Join('\n', output));
        Assert.Contains(output, line => line.Contains("buckets was '4' and is now '8'", StringComparison.Ordinal));
        Assert.Equal(2, await old.ExitAsync(Limit));
        Assert.Contains(old.Errors, line => line.Contains("buckets was '8' and is now '4'", StringComparison.Ordinal));
        await using var host = Host(now);
        await ExactCounts.StoredAsync(database, 3_000, Limit);
        Assert.Equal(["3000"], await DatabaseAsync(database, "select sum(view_count) from viewsByTitleAggregation"));
        await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfPostgres(database));
    }

    [Theory]
    [InlineData("add --yes", "--rollup", Rebuilt)]
    [InlineData("--rollup is 'viewsByNothing'; use one of viewsByDeviceGenre,", "--rollup", "viewsByNothing", "--yes")]
    [InlineData("Option '--rollup' is required", "--yes")]
    public async Task Wrong_usage_is_2_and_changes_nothing(string expected, params string[] arguments)
    {
        var stream = await TestStream.CreateAsync(kafka, partitions: 1);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(100);
        await using (var host = Host(stream.Environment(database, Often)))
        {
            await ExactCounts.StoredAsync(database, 100, Limit);
            host.Terminate();
            Assert.Equal(0, await host.ExitAsync(Limit));
        }

        var (exitCode, output) = await RebuildAsync(stream.Environment(database, null), arguments);

        Assert.Equal(2, exitCode);
        Assert.Contains(output, line => line.Contains(expected, StringComparison.Ordinal));
        await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfPostgres(database));
    }

    [Fact]
    public async Task On_the_embedded_broker_there_is_nothing_to_count_again()
    {
        var (exitCode, output) = await RebuildAsync([], "--rollup", Rebuilt, "--yes");

        Assert.Equal(2, exitCode);
        Assert.Contains("Pulse:Kafka:BootstrapServers is not set.", Assert.Single(output), StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    // In the log, by the API, as a metric, on the page, and with the export.
    private static async Task AssertGapIsShownAsync(PulseProcess host, TestStream stream)
    {
        await host.LineAsync("begins at offset 500 now: the 500 offsets from 0 on are gone", Limit);
        using var gaps = JsonDocument.Parse(await host.GetAsync("/api/gaps"));
        var gap = Assert.Single(gaps.RootElement.GetProperty("items").EnumerateArray());
        Assert.Equal(
            (0, "Retention", 500, 16),
            (gap.GetProperty("partition").GetInt32(), gap.GetProperty("kind").GetString(), gap.GetProperty("records").GetInt64(), gap.GetProperty("buckets").GetInt32()));
        await Eventually.HoldsAsync("status and metrics say so", Limit, async () =>
        {
            using var status = JsonDocument.Parse(await host.GetAsync("/api/status"));
            return status.RootElement.GetProperty("gaps") is { ValueKind: JsonValueKind.Object } sum
                && sum.GetProperty("retention").GetInt64() == 500
                && (await host.GetAsync("/metrics")).Split('\n').Any(line => line.StartsWith("pulse_ingest_gap_records{", StringComparison.Ordinal)
                    && line.Contains("kind=\"retention\"", StringComparison.Ordinal) && line.Contains(" 500", StringComparison.Ordinal));
        });
        Assert.Contains("<table data-testid=\"gaps\">", await host.GetAsync("/cluster"), StringComparison.Ordinal);

        await stream.CompleteAsync();
        await host.ExportedAsync(Limit);
        using var exports = JsonDocument.Parse(await host.GetAsync("/api/exports"));
        Assert.Equal(
            [(Rebuilt, 500L), ("viewsByGenderAgeGroup", 0), ("viewsByLocationMR", 0)],
            exports.RootElement.GetProperty("lastOutcome").GetProperty("rollups").EnumerateArray()
                .Select(rollup => (rollup.GetProperty("rollup").GetString()!, rollup.GetProperty("lost").GetInt64())));
        await host.LineAsync($"What was exported of {Rebuilt} is without 500 records that retention took before they were counted", Limit);
    }

    private PulseProcess Host(Dictionary<string, string> environment) =>
        PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data");

    private async Task<(int ExitCode, IReadOnlyList<string> Output)> RebuildAsync(
        Dictionary<string, string> environment, params string[] arguments)
    {
        await using var rebuild = PulseProcess.Host(_directory, environment, ["rebuild", .. arguments]);
        return (await rebuild.ExitAsync(Limit), [.. rebuild.Output, .. rebuild.Errors]);
    }

    private static Dictionary<string, string> WithTitles(Dictionary<string, string> environment, int buckets) => new(environment)
    {
        ["Pulse__Rollups__0__Name"] = "viewsByTitle",
        ["Pulse__Rollups__0__Dimensions__0"] = "content_name",
        ["Pulse__Rollups__0__Buckets"] = buckets.ToString(CultureInfo.InvariantCulture),
    };

    private static Task<IReadOnlyList<string>> VersionsAsync(string database) =>
        DatabaseAsync(database, "select version || ' ' || digest from pulse_version order by version");

    private static async Task<IReadOnlyList<string>> DatabaseAsync(string database, string sql)
    {
        await using var connection = new Npgsql.NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(Convert.ToString(reader.GetValue(0), CultureInfo.InvariantCulture)!);
        return rows;
    }
}
