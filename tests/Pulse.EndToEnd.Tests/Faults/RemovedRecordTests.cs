using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Verification;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>Logs that lose records at their start or in their middle. What was counted stays; what nobody read is a stored gap.</summary>
public sealed class RemovedRecordTests(OneBroker shared, ITestOutputHelper output) : OneBrokerTest(shared, output)
{
    [Theory]
    [InlineData("stopped")]
    [InlineData("suspended")]
    public async Task Retention_removing_what_was_not_read(string nodes)
    {
        if (nodes != "stopped")
            LongForm.Require();
        await using var pair = Watched(await Shared.StartPairAsync());
        await pair.JudgeAsync(async () =>
        {
            // What is under way, some buckets might count and others not.
            await pair.FlowStoredAsync();
            if (nodes == "stopped")
            {
                await pair.StopNodesAsync();
                return;
            }

            pair.SuspendNodes();
            Shared.Broker.Relay!.Cut();
            Shared.Broker.Relay.Heal();
        });

        var read = await pair.Tables.PositionsAsync();
        var unread = pair.Stream.PartitionNumbers.ToDictionary(number => number, number => read.Of(pair.Identity, number) + 100);
        await Eventually.HoldsAsync("events flow that nobody reads", NodePair.Limit, () => Task.FromResult(
            unread.All(end => pair.Flow.Ends.GetValueOrDefault(end.Key) > end.Value)));
        foreach (var (partition, below) in unread)
            await pair.Stream.DeleteRecordsAsync(partition, below);
        if (nodes == "stopped")
            await pair.StartNodesAsync();
        else
            pair.ResumeNodes();

        await CountsAgainAsync(pair);
        await pair.JudgeAsync(async () =>
        {
            var gaps = unread.Select(end => (pair.Identity, end.Key, From: read.Of(pair.Identity, end.Key), To: end.Value)).Order().ToList();
            await pair.AssertRowsAsync(pair.JudgeWritten(record =>
                record.Offset < read.Of(pair.Identity, record.Partition) || record.Offset >= unread[record.Partition]));
            Assert.Equal(gaps, await pair.Tables.GapsAsync());
            // What was counted went with it; the gap itself belongs to no number.
            await pair.AssertGoneAsync(gaps.Select(gap => (gap.Identity, gap.Key, 0L, gap.From)));
        });
    }

    [Fact]
    public async Task Records_deleted_up_to_an_offset()
    {
        await using var pair = Watched(await Shared.StartPairAsync());
        await CountsAgainAsync(pair);
        var read = await pair.Tables.PositionsAsync();
        var below = pair.Stream.PartitionNumbers.ToDictionary(number => number, number => read.Of(pair.Identity, number) - number);
        foreach (var (partition, end) in below)
            await pair.Stream.DeleteRecordsAsync(partition, end);

        await CountsAgainAsync(pair);
        await pair.JudgeAsync(async () =>
        {
            await pair.AssertRowsAsync(pair.JudgeWritten());
            Assert.Empty(await pair.Tables.GapsAsync());
            await pair.AssertGoneAsync(below.Select(end => (pair.Identity, end.Key, 0L, end.Value)));
        });
    }

    [Fact]
    public async Task Compaction()
    {
        LongForm.Require();
        // A record is read, and read again where a session starts over, before it is old enough to be compacted.
        await using var pair = Watched(await Shared.StartPairAsync(
            settings:
            [
                ("cleanup.policy", "compact"), ("segment.ms", "2000"), ("min.cleanable.dirty.ratio", "0.001"),
                ("min.compaction.lag.ms", "15000"),
            ]));
        await Eventually.HoldsAsync("records are compacted", NodePair.Limit, () => Task.FromResult(
            pair.Stream.Judge().Records < pair.Flow.Written.Count - EventFlow.Rate), TimeSpan.FromSeconds(1));
        await CountsAgainAsync(pair);
        await pair.JudgeAsync(async () =>
        {
            await pair.AssertRowsAsync(pair.JudgeWritten());
            var report = await pair.VerifyAsync();
            Assert.Equal(Verdict.CannotSay, report.Verdict);
            Assert.Contains(report.Doubts, doubt => doubt.StartsWith("The topic is compacted", StringComparison.Ordinal));
        });

        // What is compacted before it is read is as if it had never been there.
        await pair.StopNodesAsync();
        var read = await pair.Tables.PositionsAsync();
        var written = pair.Flow.Written.Count;
        await Eventually.HoldsAsync("records are compacted that nobody read", NodePair.Limit, async () =>
            pair.Flow.Written.Count > written + (10 * EventFlow.Rate)
            && HasHoles(pair, read), TimeSpan.FromSeconds(1));
        await pair.Stream.SetAsync("cleanup.policy", "delete");
        await pair.JudgeAsync(async () =>
        {
            var left = pair.Stream.ReadEvents().Select(record => (record.Partition.Value, record.Offset.Value)).ToHashSet();
            await pair.StartNodesAsync();
            await pair.AssertRowsAsync(pair.JudgeWritten(record =>
                record.Offset < read.Of(pair.Identity, record.Partition) || left.Contains((record.Partition, record.Offset))));
            Assert.Empty(await pair.Tables.GapsAsync());
        });
        await CountsAgainAsync(pair);
    }

    private static bool HasHoles(NodePair pair, DurablePositions read) => pair.Stream.ReadEvents()
        .Where(record => record.Offset.Value >= read.Of(pair.Identity, record.Partition.Value))
        .GroupBy(record => record.Partition.Value)
        .Any(partition => partition.Count() < partition.Max(record => record.Offset.Value) + 1 - read.Of(pair.Identity, partition.Key));
}
