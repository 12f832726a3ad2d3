using System.Globalization;
using System.Text.Json;
using Confluent.Kafka;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Simulator;
using Pulse.Simulator.Generation;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>
/// A broker comes back with a log that ends below what was counted, and then grows again: an operator finds out how far the counts are
/// in doubt, accepts it, and has it undone.
/// </summary>
public sealed class CutTests(PostgresFixture postgres) : IDisposable
{
    private const int Before = 2_000;
    private const int Lost = 1_000;
    private const int After = 1_500;
    private const int Early = 200;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly string[] Rollups = ["viewsByDeviceGenre", "viewsByGenderAgeGroup", "viewsByLocationMR", "deadLetters"];

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task A_cut_log_is_accepted_and_verify_names_its_offsets_and_a_rebuild_passes()
    {
        await using var cluster = await KafkaFixture.StartClusterAsync();
        var stream = await TestStream.CreateAsync(cluster, [1], [1]);
        var database = await postgres.CreateDatabaseAsync();
        var environment = stream.Environment(database, TimeSpan.FromMilliseconds(300));
        var broker = cluster.Brokers[0];
        var (from, to) = await CountAsync(
            stream, environment, database,
            () =>
            {
                broker.CopyLog(stream.Topic, 0);
                return Task.CompletedTask;
            });
        await broker.KillAsync();
        broker.PutLogBack(stream.Topic, 0);
        await cluster.StartAsync(broker);

        await AssertAcceptedAndMendedAsync(stream, environment, database, from, to);
    }

    [Fact]
    public async Task A_cut_that_was_found_is_one_until_it_is_accepted_even_where_the_log_has_grown_again_with_the_same_epochs()
    {
        await using var cluster = await KafkaFixture.StartClusterAsync();
        var stream = await TestStream.CreateAsync(cluster, [1], [1]);
        var database = await postgres.CreateDatabaseAsync();
        var environment = stream.Environment(database, TimeSpan.FromMilliseconds(300));
        var broker = cluster.Brokers[0];
        var (from, to) = await CountAsync(
            stream, environment, database,
            async () =>
            {
                await broker.StopAsync();
                broker.CopyDisk();
                await cluster.StartAsync(broker);
            });
        await broker.KillAsync();
        broker.PutDiskBack();
        await cluster.StartAsync(broker);
        // Under the epoch of what was lost: the log's end is not where the two logs part.
        await stream.ProduceAsync(partition: 0, Early);
        await using (var finder = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data"))
        {
            await StandingAsync(finder, $"offsets {from} to {to - 1} are in doubt");
            await Eventually.HoldsAsync("it is kept", Limit, async () => await RowsAsync(database, "pulse_cut") == Rollups.Length);
            await finder.KillAsync();
        }

        var (exitCode, output) = await RunAsync(environment, "accept-cut", "--partition", "0", "--restored", "--yes");
        Assert.Equal(2, exitCode);
        Assert.Contains(output, line => line.Contains("was not restored", StringComparison.Ordinal));

        await stream.ProduceAsync(partition: 0, After - Early);
        await using (var next = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data"))
        {
            await StandingAsync(next, $"offsets {from} to {to - 1} are in doubt");
            var report = await VerifyAsync(environment, expected: 3);
            AssertCut(report, from, to);
        }

        Assert.Contains(await AcceptAsync(environment, from, to), line => line.Contains("does not tell for certain", StringComparison.Ordinal));
        Assert.Equal(0, await RowsAsync(database, "pulse_cut"));
        await using var node = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data");
        await ExactCounts.StoredAsync(database, Before + Lost + After, Limit);
        AssertCut(await VerifyAsync(environment, expected: 3), from, to);
    }

    [Fact]
    public async Task A_running_node_goes_on_after_a_rebuild_though_its_broker_leads_with_lower_epochs_and_shows_what_the_tables_hold()
    {
        await using var cluster = await KafkaFixture.StartClusterAsync();
        var stream = await TestStream.CreateAsync(cluster, [1]);
        var database = await postgres.CreateDatabaseAsync();
        var environment = stream.Environment(database, TimeSpan.FromMilliseconds(300));
        var broker = cluster.Brokers[0];
        await using var node = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data");
        await stream.WriteAsync(Events(Before, DateTimeOffset.UtcNow.AddHours(-2)));
        await ExactCounts.StoredAsync(database, Before, Limit);
        await broker.StopAsync();
        broker.CopyDisk();
        // Each start is an epoch more, so that what is put back leads with a lower one.
        await cluster.StartAsync(broker);
        await broker.StopAsync();
        await cluster.StartAsync(broker);
        // Of a window of its own, which nothing will count again.
        await stream.WriteAsync(Events(Lost, DateTimeOffset.UtcNow.AddHours(-1)));
        await ExactCounts.StoredAsync(database, Before + Lost, Limit);
        await broker.KillAsync();
        broker.PutDiskBack();
        await cluster.StartAsync(broker);
        await StandingAsync(node, "are in doubt");
        // The client says that the log was cut, and not where. Once the log has grown, nobody could say it.
        await Eventually.HoldsAsync("the node keeps from where on", Limit, async () =>
            await RowsAsync(database, "pulse_cut where from_offset is not null") == Rollups.Length);
        await stream.WriteAsync(Events(After, DateTimeOffset.UtcNow.AddHours(-2)));

        // The log is longer than what was stored of the former one, and by how much says nothing.
        await Eventually.HoldsAsync("the new end is known", Limit, async () =>
        {
            using var status = JsonDocument.Parse(await node.GetAsync("/api/status"));
            var partition = status.RootElement.GetProperty("partitions")[0];
            return ShownPartition.Of(partition) is { End: Before + After, Lag: null }
                && partition.GetProperty("position").ValueKind == JsonValueKind.Null;
        });
        Assert.DoesNotMatch("(?m)^pulse_ingest_(lag|position|committed).*partition=", await node.GetAsync("/metrics"));
        var (exitCode, output) = await RunAsync(environment, "accept-cut", "--partition", "0");
        Assert.Equal(2, exitCode);
        Assert.Contains(output, line => line.Contains("add --yes", StringComparison.Ordinal));
        Assert.Contains(output, line => line.Contains($"was counted up to {Before + Lost - 1}", StringComparison.Ordinal));
        (exitCode, output) = await RunAsync(environment, ["rebuild", "--yes", .. Rollups.SelectMany(rollup => (string[])["--rollup", rollup])]);
        Assert.True(exitCode == 0, string.Join('\n', output));

        await ExactCounts.StoredAsync(database, Before + After, Limit);
        await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfPostgres(database));
        await Eventually.HoldsAsync("the node shows the tables", Limit, async () =>
        {
            using var answer = JsonDocument.Parse(await node.GetAsync("/api/rollups/viewsByDeviceGenre"));
            return answer.RootElement.GetProperty("total").GetInt64() == Before + After;
        });

        // The topic of completions has lower epochs as well.
        await stream.CompleteAsync();
        await node.ExportedAsync(Limit);
    }

    [Fact]
    public async Task A_log_that_is_cut_while_its_reader_dies_is_found_by_a_node_that_does_not_read_it()
    {
        await using var cluster = await KafkaFixture.StartClusterAsync();
        var stream = await TestStream.CreateAsync(cluster);
        var database = await postgres.CreateDatabaseAsync();
        var broker = cluster.Brokers[0];
        await using var nodes = await TestCluster.StartAsync(_directory, stream, database, nodes: 2, TimeSpan.FromMilliseconds(300));
        // Of two nodes, that with the lower address stays when the other dies.
        var (left, reader) = (nodes.Nodes[0], nodes.Nodes[1]);
        await stream.ProduceAsync(Before);
        await ExactCounts.StoredAsync(database, Before, Limit);
        // The node that came first may have read all before the other one had its part.
        await Eventually.HoldsAsync("both nodes read", Limit, async () => (await reader.StatusAsync()).PartitionsHere.Any());
        var partition = (await reader.StatusAsync()).PartitionsHere.First().Partition;
        var from = stream.End(partition);
        await broker.StopAsync();
        broker.CopyDisk();
        await cluster.StartAsync(broker);
        await stream.ProduceAsync(partition, Lost);
        await ExactCounts.StoredAsync(database, Before + Lost, Limit);
        await broker.KillAsync();
        broker.PutDiskBack();
        await reader.KillAsync();
        await cluster.StartAsync(broker);
        await Eventually.HoldsAsync("the new end is shown", Limit, async () =>
        {
            var shown = await ShownAsync(left, partition);
            Assert.True(shown?.End != from || shown.Lag is null, $"Lag {shown?.Lag} is shown of what was cut.");
            return shown?.End == from;
        });
        await Eventually.HoldsAsync(
            "the cut is kept", Limit, async () => await RowsAsync(database, $"pulse_cut where partition = {Number(partition)}") == Rollups.Length);

        // Under the epoch of what was lost: from now on, nothing in the log tells that it was cut.
        await stream.ProduceAsync(partition, After);

        await StandingAsync(left, $"offsets {from} to {from + Lost - 1} are in doubt", partition);
        Assert.Null((await ShownAsync(left, partition))!.Lag);
    }

    [Fact]
    public async Task An_unclean_election_is_accepted_and_mended_the_same_way()
    {
        Assert.SkipUnless(LongForm.IsWanted, "Three brokers and an election of minutes; PULSE_TEST_LONG=1 runs it.");
        await using var cluster = await KafkaFixture.StartClusterAsync(
            brokers: 3, settings: ["unclean.leader.election.enable=true", "replica.lag.time.max.ms=3000"]);
        var stream = await TestStream.CreateAsync(cluster, [2, 3], [1, 2]);
        var database = await postgres.CreateDatabaseAsync();
        var environment = stream.Environment(database, TimeSpan.FromMilliseconds(300));
        var (leader, follower) = (cluster.Brokers[1], cluster.Brokers[2]);
        var (from, to) = await CountAsync(
            stream, environment, database,
            async () =>
            {
                await follower.KillAsync();
                await stream.UntilAsync("the leader is alone", topic => topic.Partitions[0].InSyncReplicas is [2]);
            });
        await leader.KillAsync();
        await cluster.StartAsync(follower);
        await stream.UntilAsync("the follower leads", topic => topic.Partitions[0].Leader == follower.Number);

        await AssertAcceptedAndMendedAsync(stream, environment, database, from, to);
    }

    public void Dispose() => _directory.Dispose();

    private async Task AssertAcceptedAndMendedAsync(
        TestStream stream, Dictionary<string, string> environment, string database, long from, long to)
    {
        Assert.Equal(from, stream.End(0));
        // Longer than before: by its length alone nobody would notice.
        await stream.ProduceAsync(partition: 0, After);

        var (exitCode, output) = await RunAsync(environment, "accept-cut", "--partition", "1", "--yes");
        Assert.True(exitCode == 0, string.Join('\n', output));
        Assert.Contains(output, line => line.Contains($"partition 1 of '{stream.Topic}': nothing is in doubt", StringComparison.Ordinal));
        (exitCode, output) = await RunAsync(environment, "accept-cut", "--partition", "0");
        Assert.Equal(2, exitCode);
        Assert.Contains(output, line => line.Contains("add --yes", StringComparison.Ordinal));
        (exitCode, output) = await RunAsync(environment, "accept-cut", "--partition", "7", "--yes");
        Assert.Equal(2, exitCode);
        Assert.Contains(output, line => line.Contains("--partition is 7; topic", StringComparison.Ordinal));
        Assert.Equal(0, await RowsAsync(database, "pulse_gap"));

        output = await AcceptAsync(environment, from, to);
        Assert.Contains(output, line => line.Contains("That holds after an unclean election.", StringComparison.Ordinal));
        Assert.Equal(49, await RowsAsync(database, "pulse_gap"));

        (exitCode, output) = await RunAsync(environment, "accept-cut", "--partition", "0", "--yes");
        Assert.Equal(0, exitCode);
        Assert.Contains(output, line => line.Contains("nothing is in doubt", StringComparison.Ordinal));

        await using var node = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data");
        await ExactCounts.StoredAsync(database, Before + Lost + After, Limit);
        AssertCut(await VerifyAsync(environment, expected: 3), from, to);

        (exitCode, output) = await RunAsync(environment, ["rebuild", "--yes", .. Rollups.SelectMany(rollup => (string[])["--rollup", rollup])]);
        Assert.True(exitCode == 0, string.Join('\n', output));
        await ExactCounts.StoredAsync(database, Before + After, Limit);
        await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfPostgres(database));
        await AssertShownAsync(node);
    }

    private async Task<IReadOnlyList<string>> AcceptAsync(Dictionary<string, string> environment, long from, long to)
    {
        var (exitCode, output) = await RunAsync(environment, "accept-cut", "--partition", "0", "--yes");
        Assert.True(exitCode == 0, string.Join('\n', output));
        Assert.Contains(output, line => line.Contains(
            $": its log differs from offset {from} on, and was counted up to {to - 1}: at most {Number(to - from)} records are in doubt.", StringComparison.Ordinal));
        Assert.Contains(output, line => line.Contains($"{from} to {to - 1} of buckets ", StringComparison.Ordinal));
        Assert.Contains(output, line => line.Contains("'pulse rebuild --rollup NAME'", StringComparison.Ordinal));
        return output;
    }

    private static void AssertCut(JsonElement report, long from, long to) =>
        Assert.All(report.GetProperty("rollups").EnumerateArray(), rollup =>
        {
            Assert.Equal(0, rollup.GetProperty("differenceCount").GetInt64());
            var cut = Assert.Single(rollup.GetProperty("cuts").EnumerateArray());
            Assert.Equal((0, to - from), (cut.GetProperty("partition").GetInt32(), cut.GetProperty("total").GetInt64()));
            Assert.Equal($"{from}-{to - 1}", Assert.Single(cut.GetProperty("offsets").EnumerateArray()).GetString());
        });

    private static Task StandingAsync(PulseProcess node, string why, int partition = 0) => Eventually.HoldsAsync(
        $"partition {partition} stands still",
        Limit,
        async () => (await ShownAsync(node, partition))?.Standing?.Contains(why, StringComparison.Ordinal) == true);

    private static async Task<ShownPartition?> ShownAsync(PulseProcess node, int partition)
    {
        using var status = JsonDocument.Parse(await node.GetAsync("/api/status"));
        return status.RootElement.GetProperty("partitions").EnumerateArray().Select(ShownPartition.Of)
            .FirstOrDefault(shown => shown.Partition == partition);
    }

    // Counts partition 0 up to the second offset; what comes from the first on is to be lost.
    private async Task<(long From, long To)> CountAsync(
        TestStream stream, Dictionary<string, string> environment, string database, Func<Task> beforeWhatIsLost)
    {
        await using var node = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data");
        await stream.ProduceAsync(Before);
        await ExactCounts.StoredAsync(database, Before, Limit);
        await beforeWhatIsLost();
        var from = stream.End(0);
        await stream.ProduceAsync(partition: 0, Lost);
        var to = stream.End(0);
        await ExactCounts.StoredAsync(database, Before + Lost, Limit);
        node.Terminate();
        Assert.Equal(0, await node.ExitAsync(Limit));
        return (from, to);
    }

    private static async Task AssertShownAsync(PulseProcess node)
    {
        using var actions = JsonDocument.Parse(await node.GetAsync("/api/actions"));
        var what = actions.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("what").GetString()!).ToList();
        Assert.Equal(2, what.Count);
        Assert.StartsWith("rebuild: viewsByDeviceGenre; ", what[0], StringComparison.Ordinal);
        Assert.StartsWith("accept-cut: partition ", what[1], StringComparison.Ordinal);
        // A rebuild leaves no gap of a log that was cut.
        using var gaps = JsonDocument.Parse(await node.GetAsync("/api/gaps"));
        Assert.Empty(gaps.RootElement.GetProperty("items").EnumerateArray());
        var page = await node.GetAsync("/cluster");
        Assert.Contains("What operators did", page, StringComparison.Ordinal);
        Assert.Contains(Environment.UserName + "@", page, StringComparison.Ordinal);
    }

    private async Task<(int ExitCode, IReadOnlyList<string> Output)> RunAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        await using var command = PulseProcess.Host(_directory, environment, arguments);
        var exitCode = await command.ExitAsync(Limit);
        command.AssertNoStackTrace();
        return (exitCode, [.. command.Output, .. command.Errors]);
    }

    private async Task<JsonElement> VerifyAsync(Dictionary<string, string> environment, int expected)
    {
        await using var verify = PulseProcess.Host(_directory, environment, "verify", "--json");
        Assert.Equal(expected, await verify.ExitAsync(Limit));
        return JsonDocument.Parse(string.Join('\n', verify.Output)).RootElement;
    }

    private static async Task<long> RowsAsync(string database, string table)
    {
        await using var connection = new Npgsql.NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand($"select count(*) from {table}", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static IEnumerable<Message<byte[], byte[]>> Events(int count, DateTimeOffset end)
    {
        var generator = new EventGenerator(new SimulatorOptions { Events = count, Rate = 0 }, end);
        for (var number = 0; number < count; number++)
        {
            generator.Next();
            yield return new Message<byte[], byte[]> { Key = generator.Key, Value = generator.Value.ToArray() };
        }
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
