using Npgsql;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>What a node says became of all records, of which some are bad and some are late.</summary>
public sealed class BalanceTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private const int Bad = 7;
    private const int Late = 11;
    private const int Good = 500;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task Every_record_is_accounted_for_until_somebody_changes_a_row_by_hand()
    {
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(Records());
        var environment = stream.Environment(database, checkpointInterval: null);
        environment["Pulse__AllowedLateness"] = "01:00:00";
        await using var node = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data");

        var cuts = await SeenAsync(node, "all records are in every balance", cut => cut.Consumed == Bad + Late + Good);
        Assert.All(cuts.Values, cut => Assert.Equal((true, null), (cut.IsEven, cut.Problem)));
        Assert.Equal(4, cuts.Count);
        var ledger = cuts["deadLetters"];
        Assert.Equal((Bad, 0, 0, Late + Good), (ledger.Counted, ledger.Late, ledger.Dead, ledger.Filtered));
        Assert.All(
            cuts.Where(cut => cut.Key != "deadLetters"),
            cut => Assert.Equal((Good, Late, Bad, 0), (cut.Value.Counted, cut.Value.Late, cut.Value.Dead, cut.Value.Filtered)));

        await ChangeAsync(database, "counted = counted + 2");
        cuts = await SeenAsync(node, "one is not even", cut => !cut.IsEven, "viewsByLocationMR");
        const string Line = "Of viewsByLocationMR, 518 records were consumed, and 502 counted + 11 late + 7 dead + 0 filtered are 520 (at a cut seen at ";
        Assert.StartsWith(Line, cuts["viewsByLocationMR"].Problem, StringComparison.Ordinal);
        Assert.All(cuts.Where(cut => cut.Key != "viewsByLocationMR"), cut => Assert.True(cut.Value.IsEven));

        await ChangeAsync(database, "counted = counted - 2");
        await SeenAsync(node, "all are even again", cut => cut.IsEven);
        node.Terminate();
        Assert.Equal(0, await node.ExitAsync(Limit));
        var said = Assert.Single(node.Output, line => line.Contains(Line, StringComparison.Ordinal));
        Assert.Contains(" error ", said, StringComparison.Ordinal);
        node.AssertNoStackTrace();
    }

    public void Dispose() => _directory.Dispose();

    private static IEnumerable<(string Value, long UnixMilliseconds)> Records()
    {
        var time = new DateTimeOffset(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
        for (var number = 0; number < Good; number++)
            yield return (Event(time, number), time.ToUnixTimeMilliseconds());
        for (var number = 0; number < Late; number++)
            yield return (Event(time, number), time.AddHours(2).ToUnixTimeMilliseconds());
        for (var number = 0; number < Bad; number++)
            yield return ("no event", time.ToUnixTimeMilliseconds());
    }

    // Of many keys, so that every bucket has some.
    private static string Event(DateTimeOffset time, int number) => FormattableString.Invariant(
        $"{{\"DeviceType\":\"device {number % 40}\",\"Genre\":\"Drama\",\"UserGender\":\"Female\",\"UserAge\":{number % 90},")
        + FormattableString.Invariant($"\"UserLocation\":\"country {number % 40}\",\"MaturityRating\":\"PG\",\"EventTimestamp\":\"{time:O}\"}}");

    private static async Task<Dictionary<string, NodeCut>> SeenAsync(
        PulseProcess node, string what, Func<NodeCut, bool> holds, string? ofRollup = null)
    {
        var cuts = new Dictionary<string, NodeCut>();
        await Eventually.HoldsAsync(what, Limit, async () =>
        {
            var balances = (await node.StatusAsync()).Balances;
            if (balances.Any(each => each.Cut is null))
                return false;
            cuts = balances.ToDictionary(each => each.Rollup, each => each.Cut!);
            return cuts.Where(cut => ofRollup is null || cut.Key == ofRollup).All(cut => holds(cut.Value));
        });
        return cuts;
    }

    private static async Task ChangeAsync(string database, string change)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            $"update pulse_bucket set {change} where bucket = 5 and version = (select version from pulse_version where rollup = 'viewsByLocationMR')",
            connection);
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }
}
