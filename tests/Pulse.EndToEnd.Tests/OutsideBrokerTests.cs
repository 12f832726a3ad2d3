using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>A node against a broker and a database of their own, with the producer as a process beside it.</summary>
public sealed class OutsideBrokerTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private const int Events = 20_000;
    private static readonly TimeSpan RunLimit = TimeSpan.FromSeconds(180);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task Every_record_is_counted_late_or_a_dead_letter_and_the_sums_are_equal_in_each_rollup()
    {
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        var environment = stream.Environment(database, TimeSpan.FromSeconds(1));
        // Short, so that some of the late events come too late for their window.
        environment["Pulse__AllowedLateness"] = "00:10:00";

        await using var host = PulseProcess.Host(
            _directory, environment, "run", "--port", "0", "--data", "data", "--exit-on-complete");
        await using var simulator = stream.Produce(
            _directory, _directory["truth.json"], "--events", "20000", "--rate", "8000", "--seed", "7", "--bad", "0.01",
            "--late", "0.05", "--out-of-order", "2m");
        Assert.Equal(0, await simulator.ExitAsync(RunLimit));
        Assert.Contains("*** DATA SIMULATION COMPLETED ***", simulator.Output);
        Assert.Equal(0, await host.ExitAsync(RunLimit));
        Assert.DoesNotContain(host.Output, line => line.Contains("embedded at", StringComparison.Ordinal));

        var judge = stream.Judge(TimeSpan.FromMinutes(10));
        var truth = RollupCounts.Of(judge);
        Assert.Equal(Events, truth.Events);
        Assert.Equal(RollupCounts.OfTruth(_directory["truth.json"]).Malformed, truth.Malformed);
        var tables = ResultTables.OfPostgres(database);
        var counted = await tables.ReadAsync();
        var deadLetters = await tables.DeadLettersAsync();
        Assert.Equal(judge.DeadLetters, deadLetters);
        foreach (var rollup in RollupCounts.Dimensions.Keys)
        {
            Assert.InRange(judge.Late, 1, Events / 10);
            Assert.Equal(judge.Late, await tables.LateAsync(rollup));
            Assert.Equal(Events, counted.Sum(rollup) + judge.Late + truth.Malformed);
        }

        RollupCounts.AssertEqual(truth, counted);
        RollupCounts.AssertEqual(counted, ParquetFiles.Read(_directory["data/warehouse"]));
        AssertDeadLetters(stream, deadLetters);
    }

    public void Dispose() => _directory.Dispose();

    private static void AssertDeadLetters(TestStream stream, SortedDictionary<string, long> counted)
    {
        var events = stream.ReadEvents().ToDictionary(each => (each.Partition.Value, each.Offset.Value));
        var letters = stream.ReadAll(stream.DeadLetterTopic, partitions: 1);
        var sources = new HashSet<(int, long)>();
        var reasons = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var letter in letters)
        {
            var source = (
                int.Parse(Header(letter, "pulse-source-partition"), CultureInfo.InvariantCulture),
                long.Parse(Header(letter, "pulse-source-offset"), CultureInfo.InvariantCulture));
            Assert.True(sources.Add(source), $"{source} is there twice.");
            Assert.Equal(stream.Topic, Header(letter, "pulse-source-topic"));
            Assert.Equal(events[source].Message.Key, letter.Message.Key);
            Assert.Equal(events[source].Message.Value ?? [], letter.Message.Value ?? []);
            // The header names the field too.
            var reason = Header(letter, "pulse-reason").Split(' ')[0];
            reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
        }

        Assert.Equal(counted, reasons);
    }

    private static string Header(ConsumeResult<byte[], byte[]> record, string name) =>
        Encoding.UTF8.GetString(record.Message.Headers.GetLastBytes(name));
}
