using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Pulse.EndToEnd.Tests.Support;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>A Kafka client that does not come back from a call: the thread that polls it is stopped inside.</summary>
public sealed partial class StuckClientTests(OneBroker shared, ITestOutputHelper output) : OneBrokerTest(shared, output)
{
    private const string PollingThread = "pulse-kafka-poll";
    private const int MostGivenUp = 3;
    private static readonly int Times = LongForm.IsWanted ? MostGivenUp : 1;

    [Fact]
    public async Task Client_stuck_in_a_call()
    {
        await using var pair = Watched(await Shared.StartPairAsync());
        var (stuck, other) = (pair.Nodes[0], pair.Nodes[1]);
        var address = (await NodeView.ReadAsync(stuck)).Node;
        for (var time = 1; time <= Times; time++)
        {
            await pair.Flow.PauseAsync();
            await pair.FlowStoredAsync();
            var watch = Stopwatch.StartNew();
            // While nothing flows it waits for the client, and nowhere else.
            using (await stuck.StopThreadAsync(PollingThread))
            {
                pair.Flow.Resume();
                await pair.Shown.ShowsAsync($"that the client of {address} is stuck", IsShown);
                Measured("every node shows it after", watch.Elapsed);
                await stuck.LineAsync("still: the node's Kafka client has not come back from a call since", NodePair.Limit);
                Assert.Contains("still; /api/status says why.", await other.GetAsync("/health/ready"), StringComparison.Ordinal);
                var (exitCode, said) = await pair.StatusCommandAsync(other);
                Assert.Equal(1, exitCode);
                Assert.Contains(said, line => StatusLine().IsMatch(line));
                await stuck.LineAsync($"it is given up, and another one reads on ({time} of {MostGivenUp} times)", NodePair.Limit);
                if (time < MostGivenUp)
                    await CountsAgainAsync(pair);
            }

            Measured("from the stop on", watch.Elapsed);
        }

        if (Times == MostGivenUp)
        {
            Assert.NotEqual(0, await stuck.ExitAsync(NodePair.Limit));
            Assert.Contains(stuck.Errors, line => line.StartsWith($"The Kafka client got stuck {MostGivenUp} times, so the node ends.", StringComparison.Ordinal));
        }

        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
        Assert.All(pair.Nodes, node => node.AssertNoStackTrace());
        // Kafka answered all the time.
        Assert.DoesNotContain(stuck.Output, line => line.Contains("Trying again", StringComparison.Ordinal));

        bool IsShown(NodeView view) => view.Readiness == HttpStatusCode.OK
            && new[] { view.Partitions, view.PagePartitions }.All(shown => shown.Any(each => each.Reader == address)
                && shown.All(each => each.Reader == address
                    ? each.Standing?.StartsWith("the node's Kafka client has not come back", StringComparison.Ordinal) == true
                    : each.Standing is null))
            // A node's metrics speak of what it reads.
            && (view.Node == address) == (view.Metrics["pulse_ingest_partitions{state=\"standing\"}"] > 0);
    }

    [GeneratedRegex("^(Partition [0-9]+ stands|[0-9]+ partitions .* stand) still: the node's Kafka client has not come back from a call since ..:..:.. UTC$")]
    private static partial Regex StatusLine();
}
