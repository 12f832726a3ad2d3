using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;
using Pulse.Verification;
using Pulse.Verification.Log;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>A cluster of three brokers that loses, moves and restarts them.</summary>
public sealed class ThreeBrokersTests(PostgresFixture postgres, ITestOutputHelper output) : FaultTest(output)
{
    private const int Partitions = 6;
    private static readonly TimeSpan Limit = NodePair.Limit;

    [Fact]
    public async Task One_of_three_lost()
    {
        LongForm.Require();
        await using var kafka = await StartAsync();
        await using var pair = await PairAsync(kafka);
        foreach (var broker in kafka.Brokers)
        {
            await broker.KillAsync();
            await CountsAgainAsync(pair);
            await pair.AssertExactAsync();
            await kafka.StartAsync(broker);
            await ReplicatedAsync(pair);
        }

        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
    }

    [Fact]
    public async Task Rolling_restart_of_three()
    {
        LongForm.Require();
        await using var kafka = await StartAsync();
        await using var pair = await PairAsync(kafka);
        foreach (var broker in kafka.Brokers)
        {
            await broker.StopAsync();
            await kafka.StartAsync(broker);
            await CountsAgainAsync(pair);
            await ReplicatedAsync(pair);
        }

        await pair.AssertExactAsync();
    }

    [Fact]
    public async Task Leader_moved_under_reading()
    {
        LongForm.Require();
        await using var kafka = await StartAsync();
        await using var pair = await PairAsync(kafka);
        var first = kafka.Brokers[0];
        await first.StopAsync();
        await kafka.StartAsync(first);
        await ReplicatedAsync(pair);
        await pair.Stream.UntilAsync("it leads nothing", topic => topic.Partitions.TrueForAll(partition => partition.Leader != first.Number));
        await CountsAgainAsync(pair);

        await ElectAsync(pair, ElectionType.Preferred, pair.Stream.PartitionNumbers);
        await pair.Stream.UntilAsync("it leads again", topic => topic.Partitions.Exists(partition => partition.Leader == first.Number));
        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
    }

    [Fact]
    public async Task Controller_moved()
    {
        LongForm.Require();
        await using var kafka = await StartAsync();
        await using var pair = await PairAsync(kafka);
        var controller = kafka.Brokers.Single(broker => broker.Number == ControllerOf(kafka.Brokers[0]));
        var other = kafka.Brokers.First(broker => broker != controller);
        // Its process is there and its connections are open, and nothing of it answers.
        controller.Suspend();
        await Eventually.HoldsAsync("another controls", Limit, () => Task.FromResult(ControllerOf(other) is > 0 and var now && now != controller.Number));
        await CountsAgainAsync(pair);
        controller.Resume();
        await ReplicatedAsync(pair);
        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unclean_election(bool areOthersInItsPlace)
    {
        LongForm.Require();
        const int Cut = 0;
        const int Other = 1;
        const int Records = 300;
        await using var kafka = await StartAsync("unclean.leader.election.enable=true");
        await using var pair = Watched(await NodePair.StartAsync(
            await TestStream.CreateAsync(kafka, replicas: [[1, 2], [3, 1]]), await postgres.CreateDatabaseAsync()));
        await CountsAgainAsync(pair);
        await kafka.Brokers[1].StopAsync();
        await pair.Stream.UntilAsync("the first has no replica", topic => topic.Partitions[Cut].InSyncReplicas.Length == 1);
        await CountsAgainAsync(pair);
        await pair.Flow.PauseAsync();
        await pair.FlowStoredAsync();
        var end = pair.Flow.Ends[Cut];

        // What flowed since the second stopped is on the first alone.
        await kafka.Brokers[0].KillAsync();
        await kafka.StartAsync(kafka.Brokers[1]);
        await ElectAsync(pair, ElectionType.Unclean, [Cut]);
        await pair.Stream.UntilAsync("the second leads", topic => topic.Partitions[Cut].Leader == kafka.Brokers[1].Number);
        var cutAt = (await pair.Stream.EndsAsync())[Cut];
        Assert.InRange(cutAt, 1, end - 1);
        if (areOthersInItsPlace)
            await pair.Stream.WriteAsync(SampleRecords.Events((int)(end - cutAt) + Records), partition: Cut);
        pair.Flow.Only = Other;
        pair.Flow.Resume();

        // The partition stands still, alone. What was counted stays, and nothing of the other branch is added to it.
        await CountsAgainAsync(pair, except: Cut);
        await pair.Shown.ShowsAsync("which partition stands still", view => new[] { view.Partitions, view.PagePartitions }.All(
            shown => shown.Where(each => each.Standing is not null).Select(each => each.Partition).SequenceEqual([Cut])));
        await pair.JudgeAsync(async () =>
        {
            await pair.AssertRowsAsync(pair.JudgeWritten());
            Assert.Equal(end, (await pair.Tables.PositionsAsync()).Of(pair.Identity, Cut));
            AssertCut(await pair.VerifyAsync(), Cut, cutAt, end);
        });

        // An operator lives with it: what the log has now is counted besides, and verify names what is in doubt.
        var others = pair.Stream.ReadEvents().Where(record => record.Partition.Value == Cut && record.Offset.Value >= cutAt).ToList();
        await pair.OperateAsync("accept-cut", "--partition", "0", "--yes");
        pair.Flow.Only = null;
        await CountsAgainAsync(pair);
        await pair.JudgeAsync(async () =>
        {
            var judge = pair.JudgeWritten();
            foreach (var record in others)
                judge.Count(record.Message.Value, record.Message.Timestamp.UnixTimestampMs);
            await pair.AssertRowsAsync(judge);
            AssertCut(await pair.VerifyAsync(), Cut, cutAt, end);
        });
        Assert.All(pair.Nodes, node => node.AssertNoStackTrace());
    }

    private static void AssertCut(VerificationReport report, int partition, long from, long to)
    {
        Assert.Equal(Verdict.CannotSay, report.Verdict);
        Assert.All(report.Rollups, rollup => Assert.Equal(
            (partition, new OffsetRange(from, to)), (rollup.Cuts.Single().Partition, rollup.Cuts.Single().Offsets.Single())));
    }

    private static Task<KafkaCluster> StartAsync(params string[] settings) => KafkaFixture.StartClusterAsync(brokers: 3, settings: settings);

    private async Task<NodePair> PairAsync(KafkaCluster kafka) => Watched(await NodePair.StartAsync(
        await TestStream.CreateAsync(kafka, Partitions), await postgres.CreateDatabaseAsync()));

    private static Task ReplicatedAsync(NodePair pair) => pair.Stream.UntilAsync("every replica has everything", topic =>
        topic.Partitions.TrueForAll(partition => partition.InSyncReplicas.Length == 3));

    private static async Task ElectAsync(NodePair pair, ElectionType type, IEnumerable<int> partitions)
    {
        using var administration = pair.Stream.Administration();
        // Where the broker that was lost was the controller, another one has to be elected first.
        await Eventually.HoldsAsync("a controller takes the election", TimeSpan.FromMinutes(2), async () =>
        {
            try
            {
                await administration.ElectLeadersAsync(type, partitions.Select(number => new TopicPartition(pair.Stream.Topic, number)));
                return true;
            }
            catch (ElectLeadersException)
            {
                // Some have such a leader already. What came of it is waited for.
                return true;
            }
            catch (KafkaException exception) when (exception.Error.Code is ErrorCode.Local_TimedOut)
            {
                return false;
            }
        });
    }

    // Each broker notes whom it takes for the controller; -1 where it knows none.
    private static int ControllerOf(KafkaBroker broker)
    {
        var note = File.ReadAllText(Path.Combine(broker.LogDirectory, "__cluster_metadata-0", "quorum-state"));
        using var state = JsonDocument.Parse(note);
        return state.RootElement.GetProperty("leaderId").GetInt32();
    }
}
