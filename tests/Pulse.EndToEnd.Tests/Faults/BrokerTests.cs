using System.Diagnostics;
using System.Net;
using Pulse.EndToEnd.Tests.Support;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>A broker that dies and comes back, connections that break, and a topic that grows.</summary>
public sealed class BrokerTests(OneBroker shared, ITestOutputHelper output) : OneBrokerTest(shared, output)
{
    private static readonly int Kills = LongForm.IsWanted ? 20 : 1;

    [Fact]
    public async Task Broker_killed_and_restarted()
    {
        var pair = await SharedPairAsync();
        for (var kill = 0; kill < Kills; kill++)
        {
            var watch = Stopwatch.StartNew();
            await Shared.Broker.KillAsync();
            pair.Shown.BrokersAreSilent();
            await pair.Shown.ShowsAsync("that the lag is unknown", view => view.IsLagUnknown && view.KafkaProblem is not null);
            Measured("every node shows that the lag is unknown after", watch.Elapsed);
            if (LongForm.IsWanted && kill == 0)
                await pair.Shown.ShowsAsync("that it is not ready", view => view.Readiness == HttpStatusCode.ServiceUnavailable);
            pair.Shown.BrokersAnswer();
            await Shared.StartBrokerAsync();
            await CountsAgainAsync(pair);
        }

        await pair.AssertExactAsync();
        await pair.JudgeAsync(() => pair.Shown.ShowsAsync("no lag", view => view is { Lag: 0, PageLag: 0, Readiness: HttpStatusCode.OK }));
    }

    [Fact]
    public async Task Connection_cut_in_mid_answer()
    {
        var pair = await SharedPairAsync();
        foreach (var bytes in new[] { 5_000, 20_001, 3 })
        {
            Shared.Broker.Relay!.CutAfter(bytes);
            await CountsAgainAsync(pair);
        }

        await pair.AssertExactAsync();
    }

    [Fact]
    public async Task Partitions_added()
    {
        var pair = await SharedPairAsync();
        var before = pair.Stream.PartitionNumbers.Count();
        await pair.Stream.AddPartitionsAsync(before + 2);

        var watch = Stopwatch.StartNew();
        await pair.Stream.WriteAsync(SampleRecords.Events(50), partition: before);
        await pair.Stream.WriteAsync(SampleRecords.Events(50), partition: before + 1);
        await pair.AssertExactAsync();
        Measured("the new partitions' events are stored after", watch.Elapsed);
        await CountsAgainAsync(pair);
    }
}
