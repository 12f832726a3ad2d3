using System.Globalization;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>A verdict depends on the record and on what is declared, and on nothing that came before, between or beside it.</summary>
public sealed class VerdictTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(150);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task After_an_outage_of_30_hours_no_event_is_late()
    {
        var stream = await TestStream.CreateAsync(kafka, partitions: 4);
        var database = await postgres.CreateDatabaseAsync();
        var environment = stream.Environment(database, null);
        environment["Pulse__AllowedLateness"] = "1.00:00:00";
        await ProduceAsync(stream, events: 14_000, hoursAgo: 35, hours: 5);
        await RunAsync(environment, stream, 14_000, database);

        await ProduceAsync(stream, events: 84_000 - 14_000, hoursAgo: 30, hours: 30);
        await RunAsync(environment, stream, 84_000, database);

        var judge = stream.Judge(TimeSpan.FromDays(1));
        Assert.Equal((84_000, 0), (judge.Records, judge.Late));
        await ExactCounts.AssertAsync(judge, ResultTables.OfPostgres(database));
    }

    [Theory]
    [InlineData(86_340)]
    [InlineData(30 * 86_400)]
    [InlineData(301)]
    public async Task One_record_of_a_fast_clock_is_a_dead_letter_and_all_others_count(int secondsAhead)
    {
        if (secondsAhead != 30 * 86_400)
            LongForm.Require();
        var stream = await TestStream.CreateAsync(kafka, partitions: 4);
        var database = await postgres.CreateDatabaseAsync();
        var environment = stream.Environment(database, null);
        environment["Pulse__AllowedLateness"] = "01:00:00";
        await ProduceAsync(stream, events: 1_000, hoursAgo: 2, hours: 1);
        var now = DateTimeOffset.UtcNow;
        await stream.ProduceAsync([(Event(now.AddSeconds(secondsAhead)), now.ToUnixTimeMilliseconds())]);
        await ProduceAsync(stream, events: 1_000, hoursAgo: 1, hours: 1);

        await RunAsync(environment, stream, 2_001, database);

        var tables = ResultTables.OfPostgres(database);
        Assert.Equal(2_000, (await tables.ReadAsync()).Sum("viewsByDeviceGenre"));
        Assert.Equal(new() { ["TimestampInFuture"] = 1 }, await tables.DeadLettersAsync());
        await ExactCounts.AssertAsync(stream.Judge(TimeSpan.FromHours(1)), tables);
    }

    [Fact]
    public async Task A_rollup_added_later_counts_from_the_start_of_the_log_and_changes_no_other_number()
    {
        var stream = await TestStream.CreateAsync(kafka, partitions: 4);
        var database = await postgres.CreateDatabaseAsync();
        var environment = stream.Environment(database, null);
        var now = DateTimeOffset.UtcNow;
        // None of them has a title.
        await stream.ProduceAsync(Enumerable.Range(0, 500).Select(_ => (Event(now), now.ToUnixTimeMilliseconds())));
        await ProduceAsync(stream, events: 1_000, hoursAgo: 1, hours: 1);
        await RunAsync(environment, stream, 1_500, database);
        await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfPostgres(database));

        environment["Pulse__Rollups__0__Name"] = "viewsByTitle";
        environment["Pulse__Rollups__0__Dimensions__0"] = "content_name";
        await stream.ProduceAsync(Enumerable.Range(0, 500).Select(_ => (Event(now), now.ToUnixTimeMilliseconds())));
        await RunAsync(environment, stream, 2_000, database);

        await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfPostgres(database));
        await using var connection = new Npgsql.NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(
            "select sum(view_count)::bigint || ' ' || (sum(view_count) filter (where content_name = '(none)'))::bigint from viewsByTitleAggregation",
            connection);
        Assert.Equal("2000 1000", await command.ExecuteScalarAsync());
    }

    public void Dispose() => _directory.Dispose();

    private static string Event(DateTimeOffset time) =>
        "{\"DeviceType\":\"Mobile\",\"Genre\":\"Drama\",\"UserGender\":\"Female\",\"UserAge\":36,\"UserLocation\":\"Norway\","
        + $"\"MaturityRating\":\"PG\",\"EventTimestamp\":\"{time:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\"}}";

    private async Task ProduceAsync(TestStream stream, int events, int hoursAgo, int hours)
    {
        // At the pace that a rate of 0 stands for, ten thousand events take a second of its time.
        var speedUp = hours * 3_600 * 10_000L / events;
        await using var simulator = stream.Produce(
            _directory, _directory["truth.json"], "--events", Text(events), "--rate", "0", "--seed", Text(hoursAgo),
            "--start", DateTime.UtcNow.AddHours(-hoursAgo).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            "--speed-up", Text(speedUp), "--no-complete");
        Assert.Equal(0, await simulator.ExitAsync(Limit));
    }

    private async Task RunAsync(Dictionary<string, string> environment, TestStream stream, long records, string database)
    {
        await using var host = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data");
        await ExactCounts.StoredAsync(database, records, Limit);
        host.Terminate();
        Assert.Equal(0, await host.ExitAsync(Limit));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
