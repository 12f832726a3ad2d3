using System.Diagnostics;
using Pulse.EndToEnd.Tests.Support;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>
/// A topic that is deleted and made again by its name is another stream: it is read from its start, and adds to what was counted.
/// The dangerous ones are those whose new log ends where the old one did, or beyond.
/// </summary>
public sealed class RemadeTopicTests(OneBroker shared, ITestOutputHelper output) : OneBrokerTest(shared, output)
{
    [Theory]
    [InlineData(Length.Shorter)]
    [InlineData(Length.Equal)]
    [InlineData(Length.Longer)]
    public Task Topic_made_again_while_nodes_run(Length length) => MakeAgainAsync(length, NodesAre.Running);

    // They see nothing of the time without a topic: for them the log is longer all at once.
    [Theory]
    [InlineData(Length.Equal)]
    [InlineData(Length.Longer)]
    public Task Topic_made_again_while_nodes_are_suspended(Length length) => MakeAgainAsync(length, NodesAre.Suspended);

    [Theory]
    [InlineData(Length.Shorter)]
    [InlineData(Length.Equal)]
    [InlineData(Length.Longer)]
    public Task Topic_made_again_while_nodes_are_stopped(Length length) =>
        MakeAgainAsync(length, NodesAre.Stopped);

    private async Task MakeAgainAsync(Length length, NodesAre nodes)
    {
        // StreamIdentityTests has the short forms.
        LongForm.Require();
        await using var pair = Watched(await Shared.StartPairAsync());
        await CountsAgainAsync(pair);
        await pair.Flow.PauseAsync();
        await pair.FlowStoredAsync();
        var (former, formerEnds, identity) = (pair.Flow.Written.ToList(), pair.Flow.Ends.ToDictionary(), pair.Identity);
        if (nodes == NodesAre.Stopped)
            await pair.StopNodesAsync();
        else if (nodes == NodesAre.Suspended)
            pair.SuspendNodes();

        await pair.MakeTopicAgainAsync();
        var watch = Stopwatch.StartNew();
        var later = 0L;
        foreach (var (partition, end) in formerEnds)
        {
            var count = (int)(length switch { Length.Shorter => end / 2, Length.Equal => end, _ => 2 * end });
            await pair.Stream.WriteAsync(SampleRecords.Events(count, seed: 100 + partition), partition: partition);
            later += count;
        }

        if (nodes == NodesAre.Stopped)
            await pair.StartNodesAsync();
        else if (nodes == NodesAre.Suspended)
            pair.ResumeNodes();
        await ExactlyAsync(pair, former, formerEnds, identity);
        Measured($"{later} records of the new stream are stored after", watch.Elapsed);

        pair.Flow.Resume();
        await CountsAgainAsync(pair);
        await pair.JudgeAsync(() => ExactlyAsync(pair, former, formerEnds, identity));
    }

    // The old stream as it was, and the new one as it is.
    private static async Task ExactlyAsync(
        NodePair pair, IEnumerable<WrittenRecord> former, Dictionary<int, long> formerEnds, string identity)
    {
        var both = pair.Stream.Judge();
        foreach (var record in former)
            both.Count(record.Value, record.UnixMilliseconds);
        await pair.AssertRowsAsync(both);
        await pair.AssertGoneAsync(formerEnds.Select(end => (identity, end.Key, 0L, end.Value)));
    }

    private enum NodesAre
    {
        Running,
        Suspended,
        Stopped,
    }

    /// <summary>How many records the new log has, beside the old one.</summary>
    public enum Length
    {
        Shorter,
        Equal,
        Longer,
    }
}
