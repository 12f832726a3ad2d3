using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Simulator.Broker;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>
/// One log of three days, read by fresh installations that have nothing in common but the log: what they show is the
/// same, byte for byte, and what any reader of the contract makes of it.
/// </summary>
[Collection(Alone.Name)]
public sealed class ReadingTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private const int Events = 60_000;

    // At the pace that a rate of 0 stands for, ten thousand events take a second: together, 72 hours.
    private const int SpeedUp = (int)(72 * 3_600 * 10_000L / Events);

    // Short, so that some of the late events come too late for their window.
    private static readonly TimeSpan AllowedLateness = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task One_log_gives_the_same_tables_on_every_reading()
    {
        var stream = await TestStream.CreateAsync(kafka);
        await stream.ProduceAsync(OddTimes());
        await ProduceAsync(stream, Events);
        var judge = stream.Judge(AllowedLateness);
        Assert.Equal(Events + OddTimes().Count, judge.Records);
        Assert.InRange(judge.Late, Events / 1_000, Events / 20);
        Assert.InRange(judge.DeadLetters["TimestampInFuture"], Events / 1_000, Events / 20);

        await ExactCounts.AssertAsync(judge, ResultTables.OfPostgres(await OneNodeAsync(stream)));
        await ExactCounts.AssertAsync(judge, ResultTables.OfSqlite(await OneNodeOnAFileAsync(stream)));
        await ExactCounts.AssertAsync(judge, ResultTables.OfPostgres(await KilledAgainAndAgainAsync(stream)));
        if (LongForm.IsWanted)
            await ExactCounts.AssertAsync(judge, ResultTables.OfPostgres(await TwoNodesOfWhichOneLeavesAsync(stream)));
        await ExactCounts.AssertAsync(judge, ResultTables.OfPostgres(await ThreeNodesOfWhichTwoAreKilledAsync(stream)));
    }

    [Fact]
    public async Task A_log_on_the_embedded_broker_gives_the_tables_that_any_reader_makes_of_it()
    {
        // What only it takes proves nothing; a node on it is in EmbeddedRunTests.
        LongForm.Require();
        using var broker = EmbeddedBroker.Start();
        var stream = TestStream.Create(broker);
        await ProduceAsync(stream, Events / 3);
        var judge = stream.Judge(AllowedLateness);
        Assert.Equal(Events / 3, judge.Records);

        await ExactCounts.AssertAsync(judge, ResultTables.OfPostgres(await OneNodeAsync(stream)));
        await ExactCounts.AssertAsync(judge, ResultTables.OfSqlite(await OneNodeOnAFileAsync(stream)));
    }

    public void Dispose() => _directory.Dispose();

    private async Task ProduceAsync(TestStream stream, int events)
    {
        await using var simulator = stream.Produce(
            _directory, _directory["truth.json"], "--events", Text(events), "--rate", "0", "--seed", "11", "--bad", "0.01",
            "--late", "0.01", "--fast-clock", "0.01", "--out-of-order", "5m", "--speed-up", Text(SpeedUp));
        Assert.Equal(0, await simulator.ExitAsync(Limit));
    }

    // Every spelling of an event's time, in and out of range, with every Kafka timestamp that a producer can set.
    private static List<(string Value, long UnixMilliseconds)> OddTimes()
    {
        var now = new DateTimeOffset(2026, 11, 26, 12, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        long[] recordTimes = [-1, -2, 1, now, now * 1000, 221_876_927_999_999, 221_876_928_000_000, 253_402_300_799_000];
        string[] eventTimes =
        [
            "2026-11-26T11:59:00.12345678Z", "2026-11-26T12:59+01:00", "2026-11-26t11:59:00,5+0000", "2026-11-26 11:59:00.123456+00",
            "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "2031-01-01T00:00:00Z", "9000-12-31T23:59:59.999Z", "9001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2026-11-26T24:00:00Z", "now",
        ];
        return
        [
            .. from recordTime in recordTimes
            from value in eventTimes.Select(Event).Append("x")
            select (value, recordTime),
        ];

        static string Event(string time) =>
            "{\"DeviceType\":\"Mobile\",\"Genre\":\"Drama\",\"UserGender\":\"Female\",\"UserAge\":36,\"UserLocation\":\"Norway\","
            + $"\"MaturityRating\":\"PG\",\"EventTimestamp\":\"{time}\"}}";
    }

    private async Task<string> OneNodeAsync(TestStream stream)
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var node = Start(Environment(stream, database, null), "--exit-on-complete");
        Assert.Equal(0, await node.ExitAsync(Limit));
        return database;
    }

    private async Task<string> OneNodeOnAFileAsync(TestStream stream)
    {
        var environment = Environment(stream, "", TimeSpan.FromSeconds(1));
        environment.Remove("Pulse__Storage__ConnectionString");
        await using var node = PulseProcess.Host(
            _directory, environment, "run", "--port", "0", "--data", "on-a-file", "--exit-on-complete");
        Assert.Equal(0, await node.ExitAsync(Limit));
        return _directory["on-a-file"];
    }

    private async Task<string> KilledAgainAndAgainAsync(TestStream stream)
    {
        var database = await postgres.CreateDatabaseAsync();
        for (var kill = 1; kill <= 3; kill++)
        {
            await using var node = Start(Environment(stream, database, TimeSpan.FromMilliseconds(200 * kill)));
            await node.ConsumedAsync(5_000 * kill, Limit);
            await node.KillAsync();
        }

        await using var last = Start(Environment(stream, database, null), "--exit-on-complete");
        Assert.Equal(0, await last.ExitAsync(Limit));
        return database;
    }

    private async Task<string> TwoNodesOfWhichOneLeavesAsync(TestStream stream)
    {
        var database = await postgres.CreateDatabaseAsync();
        var ports = FreePorts.Take(2);
        await using var stays = Start(Member(stream, database, ports, 0));
        await using var leaves = Start(Member(stream, database, ports, 1));
        await Eventually.HoldsAsync("both read", Limit, async () =>
            (await stays.StatusAsync()).Consumed > 0 && (await leaves.StatusAsync()).Members.Count == 2);
        leaves.Terminate();
        Assert.Equal(0, await leaves.ExitAsync(Limit));
        await stays.ExportedAsync(Limit);
        return database;
    }

    private async Task<string> ThreeNodesOfWhichTwoAreKilledAsync(TestStream stream)
    {
        var database = await postgres.CreateDatabaseAsync();
        var ports = FreePorts.Take(3);
        await using var first = Start(Member(stream, database, ports, 0));
        await using var second = Start(Member(stream, database, ports, 1));
        await using var third = Start(Member(stream, database, ports, 2));
        await TestCluster.MembersAsync(3, [first]);
        await third.KillAsync();
        await TestCluster.MembersAsync(2, [first]);
        await using var again = Start(Member(stream, database, ports, 2));
        await TestCluster.MembersAsync(3, [first]);
        await second.KillAsync();
        await first.ExportedAsync(Limit);
        return database;
    }

    private static Dictionary<string, string> Environment(TestStream stream, string database, TimeSpan? checkpointInterval) =>
        WithGroupOf(database, stream.Environment(database, checkpointInterval));

    private static Dictionary<string, string> Member(TestStream stream, string database, int[] ports, int number) =>
        WithGroupOf(database, stream.Environment(database, null, ports, number));

    // Of installations with one group, only one hears of the completion.
    private static Dictionary<string, string> WithGroupOf(string database, Dictionary<string, string> environment)
    {
        environment["Pulse__AllowedLateness"] = AllowedLateness.ToString("c", CultureInfo.InvariantCulture);
        environment["Pulse__Kafka__GroupId"] = $"reading-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(database)).AsSpan(0, 8))}";
        return environment;
    }

    private PulseProcess Start(Dictionary<string, string> environment, params string[] arguments) => PulseProcess.Host(
        _directory, environment, ["run", "--port", "0", "--data", $"data-{Guid.NewGuid():N}", .. arguments]);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
