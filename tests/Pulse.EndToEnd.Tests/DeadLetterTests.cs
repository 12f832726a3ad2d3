using System.Globalization;
using System.Net;
using System.Text;
using Confluent.Kafka;
using Npgsql;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>A dead-letter topic that takes nothing for a while, under three nodes with events flowing.</summary>
public sealed class DeadLetterTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private const int Rate = 1_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_the_topic_takes_nothing_counting_goes_on_it_is_said_and_afterwards_all_arrive(bool isDeleted)
    {
        if (!isDeleted)
            LongForm.Require();
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        await using var cluster = await TestCluster.StartAsync(_directory, stream, database, nodes: 3);
        // Of three, the two that are left go on whichever dies.
        var (survivors, victim) = (cluster.Nodes.Take(2).ToList(), cluster.Nodes[2]);
        await using var simulator = stream.Produce(_directory, Rate);
        await Eventually.HoldsAsync("dead letters are sent", Limit, async () => (await PositionsAsync(database)).Values.Sum() > 3 * Rate);

        // Who gets a partition looks through what nobody told it of, and knows so long not how many wait: with the topic away, for ever.
        await Eventually.HoldsAsync("each node has its partitions, and knows how many wait", Limit, async () =>
            (await Task.WhenAll(cluster.Nodes.Select(node => node.StatusAsync()))).All(status =>
                status.PartitionsHere.Count() >= TestStream.Partitions / cluster.Nodes.Count && status.DeadLettersWaiting is not null));

        await (isDeleted ? stream.DeleteDeadLetterTopicAsync() : stream.LimitDeadLettersAsync(10));
        foreach (var node in cluster.Nodes)
        {
            await Eventually.HoldsAsync("it is said", Limit, async () => (await node.StatusAsync()).DeadLetterProblem is not null);
            var status = await node.StatusAsync();
            Assert.StartsWith($"The dead-letter topic '{stream.DeadLetterTopic}' ", status.DeadLetterProblem, StringComparison.Ordinal);
            await Eventually.HoldsAsync("some wait", Limit, async () => (await node.StatusAsync()).DeadLettersWaiting > 0);
            await Eventually.HoldsAsync("the page shows it", Limit, async () =>
                (await node.GetAsync("/cluster")).Contains("dead-letter-problem", StringComparison.Ordinal));
            var metrics = await node.GetAsync("/metrics");
            Assert.Equal(0, Sample(metrics, "pulse_dead_letters_reachable"));
            Assert.InRange(Sample(metrics, "pulse_dead_letters_waiting"), 1, double.MaxValue);
            Assert.Equal(HttpStatusCode.OK, await node.HealthAsync("ready"));
            await node.LineAsync("Dead letters wait: ", Limit);
            Assert.Single(node.Output, line => line.Contains("Dead letters wait: ", StringComparison.Ordinal));
        }

        var committed = stream.Committed();
        await Eventually.HoldsAsync("counting goes on", Limit, () => Task.FromResult(stream.Committed() > committed + (5 * Rate)));
        await victim.KillAsync();
        committed = stream.Committed();
        await Eventually.HoldsAsync(
            "the others count all", Limit, () => Task.FromResult(stream.Committed() > committed + (5 * Rate)));
        foreach (var survivor in survivors)
            Assert.NotNull((await survivor.StatusAsync()).DeadLetterProblem);
        var before = await PositionsAsync(database);

        await (isDeleted ? kafka.CreateNamedTopicAsync(stream.DeadLetterTopic, 1) : stream.LimitDeadLettersAsync(1_000_000));
        foreach (var survivor in survivors)
        {
            await Eventually.HoldsAsync("it is over", Limit, async () => (await survivor.StatusAsync()).DeadLetterProblem is null);
            await Eventually.HoldsAsync("the page says so", Limit, async () =>
                !(await survivor.GetAsync("/cluster")).Contains("dead-letter-problem", StringComparison.Ordinal));
            Assert.Equal(1, Sample(await survivor.GetAsync("/metrics"), "pulse_dead_letters_reachable"));
            await survivor.LineAsync("Dead letters are sent again", Limit);
            Assert.Single(survivor.Output, line => line.Contains("Dead letters are sent again", StringComparison.Ordinal));
        }

        simulator.Terminate();
        await simulator.ExitAsync(Limit);

        var events = stream.ReadEvents();
        await Eventually.HoldsAsync("all are counted", Limit, () => Task.FromResult(stream.Committed() == events.Count));
        await Eventually.HoldsAsync(
            "all are sent", Limit, async () => (await PositionsAsync(database)).Values.Sum() == events.Count);
        foreach (var survivor in survivors)
        {
            survivor.Terminate();
            Assert.Equal(0, await survivor.ExitAsync(Limit));
            survivor.AssertNoStackTrace();
        }

        var judge = stream.Judge();
        RollupCounts.AssertEqual(RollupCounts.Of(judge), await ResultTables.OfPostgres(database).ReadAsync());
        Assert.Equal(judge.DeadLetters, await ResultTables.OfPostgres(database).DeadLettersAsync());
        var letters = stream.ReadAll(stream.DeadLetterTopic, partitions: 1);
        AssertAsTheyWere(events, letters);
        // A topic that was deleted took what had been sent with it.
        if (!isDeleted)
            Assert.Equal(judge.DeadLetters, CountByReason(letters));
        else
            Assert.Equal(
                events.Where(IsBad).Select(bad => (bad.Partition.Value, bad.Offset.Value)).Where(IsAfter).Order(),
                letters.Select(SourceOf).Where(IsAfter).Distinct().Order());

        bool IsAfter((int Partition, long Offset) place) => place.Offset >= before.GetValueOrDefault(place.Partition);
    }

    public void Dispose() => _directory.Dispose();

    private static bool IsBad(ConsumeResult<byte[], byte[]> record)
    {
        var judge = new IndependentReader();
        judge.Count(record.Message.Value ?? [], record.Message.Timestamp.UnixTimestampMs);
        return judge.DeadLetters.Count > 0;
    }

    private static void AssertAsTheyWere(List<ConsumeResult<byte[], byte[]>> events, List<ConsumeResult<byte[], byte[]>> letters)
    {
        var sources = events.ToDictionary(each => (each.Partition.Value, each.Offset.Value));
        foreach (var letter in letters)
        {
            var source = sources[SourceOf(letter)];
            Assert.Equal(source.Message.Key, letter.Message.Key);
            Assert.Equal(source.Message.Value, letter.Message.Value);
        }
    }

    private static SortedDictionary<string, long> CountByReason(List<ConsumeResult<byte[], byte[]>> letters)
    {
        var reasons = new SortedDictionary<string, long>(StringComparer.Ordinal);
        // Those that were under way to a node that was killed, or in a batch of which another failed, may be there twice.
        foreach (var letter in letters.DistinctBy(SourceOf))
        {
            // The header names the field too.
            var reason = Header(letter, "pulse-reason").Split(' ')[0];
            reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
        }

        return reasons;
    }

    private static (int Partition, long Offset) SourceOf(ConsumeResult<byte[], byte[]> letter) => (
        int.Parse(Header(letter, "pulse-source-partition"), CultureInfo.InvariantCulture),
        long.Parse(Header(letter, "pulse-source-offset"), CultureInfo.InvariantCulture));

    private static string Header(ConsumeResult<byte[], byte[]> record, string name) =>
        Encoding.UTF8.GetString(record.Message.Headers.GetLastBytes(name));

    private static double Sample(string metrics, string name)
    {
        var line = Assert.Single(metrics.Split('\n'), line =>
            line.StartsWith($"{name}{{", StringComparison.Ordinal) || line.StartsWith($"{name} ", StringComparison.Ordinal));
        return double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    private static async Task<Dictionary<int, long>> PositionsAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("select partition, position from pulse_sink where sink = 'deadLetters'");
        await using var rows = await command.ExecuteReaderAsync();
        var positions = new Dictionary<int, long>();
        while (await rows.ReadAsync())
            positions[rows.GetInt32(0)] = rows.GetInt64(1);
        return positions;
    }
}
