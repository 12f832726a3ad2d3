using System.Globalization;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>What only a real broker shows, and Pulse once did wrong.</summary>
public sealed class RealBrokerTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task A_backlog_of_72_hours_is_counted_whole()
    {
        const int Events = 40_000;
        var stream = await TestStream.CreateAsync(kafka, partitions: 4);
        var database = await postgres.CreateDatabaseAsync();
        // At the pace that a rate of 0 stands for, the events take four seconds.
        var speedUp = TimeSpan.FromHours(72) / TimeSpan.FromSeconds(4);
        await using var simulator = stream.Produce(
            _directory, _directory["truth.json"], "--events", Text(Events), "--rate", "0", "--seed", "7",
            "--start", DateTime.UtcNow.AddHours(-73).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            "--speed-up", Text((int)speedUp));
        Assert.Equal(0, await simulator.ExitAsync(Limit));

        await using var host = Host(stream.Environment(database, Often), "--exit-on-complete");
        Assert.Equal(0, await host.ExitAsync(Limit));

        var (expected, counted) = await ResultsAsync(stream, database, Events);
        RollupCounts.AssertEqual(expected, counted);
    }

    [Fact]
    public async Task Events_are_stored_within_seconds_though_the_broker_was_killed_and_came_back()
    {
        const int Events = 20_000;
        var patience = TimeSpan.FromSeconds(20);
        await using var cluster = await KafkaFixture.StartClusterAsync();
        var stream = await TestStream.CreateAsync(cluster);
        var database = await postgres.CreateDatabaseAsync();
        await using var host = Host(stream.Environment(database, checkpointInterval: null));
        await host.StatusAsync();
        await stream.ProduceAsync(Events / 2);
        await host.ConsumedAsync(Events / 2, Limit);

        await cluster.Brokers[0].KillAsync();
        await cluster.StartAsync(cluster.Brokers[0]);
        await stream.ProduceAsync(Events / 2);
        await host.ConsumedAsync(Events, Limit);

        var tables = ResultTables.OfPostgres(database);
        var areStored = await Eventually.ComesAsync(
            patience, async () => (await tables.ReadAsync()).Sum("viewsByDeviceGenre") == Events);
        Assert.Equal(Events, (await host.StatusAsync()).Consumed);
        Assert.True(areStored, $"Of {Events} events not all are stored {patience.TotalSeconds} s after they were read.");
    }

    public void Dispose() => _directory.Dispose();

    private PulseProcess Host(Dictionary<string, string> environment, params string[] arguments) =>
        PulseProcess.Host(_directory, environment, ["run", "--port", "0", "--data", "data", .. arguments]);

    private static async Task<(RollupCounts Expected, RollupCounts Counted)> ResultsAsync(
        TestStream stream, string database, long events)
    {
        var expected = RollupCounts.Of(stream.Judge());
        Assert.Equal(events, expected.Events);
        return (expected, await ResultTables.OfPostgres(database).ReadAsync());
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
