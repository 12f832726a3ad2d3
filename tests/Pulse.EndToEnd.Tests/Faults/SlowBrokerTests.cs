using Pulse.EndToEnd.Tests.Support;
using System.Diagnostics;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>A broker that is far away, and a topic of very many partitions.</summary>
public sealed class SlowBrokerTests(OneBroker shared, ITestOutputHelper output) : OneBrokerTest(shared, output)
{
    private const int Partitions = 200;

    // Each way.
    private static readonly TimeSpan Near = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Far = TimeSpan.FromMilliseconds(200);

    [Fact]
    public async Task A_broker_25_and_200_ms_away_with_200_partitions()
    {
        LongForm.Require();
        Shared.Delay(Near);
        try
        {
            var watch = Stopwatch.StartNew();
            await using var pair = Watched(await Shared.StartPairAsync(Partitions));
            Measured("a new topic counts after", watch.Elapsed);
            await CountsAgainAsync(pair);

            await pair.StopNodesAsync();
            Shared.Delay(Far);
            watch.Restart();
            await pair.StartNodesAsync();
            Watched(pair);
            Measured("nodes are members after", watch.Elapsed);
            await CountsAgainAsync(pair);
            Measured("since they were started", watch.Elapsed);
            await CountsAgainAsync(pair);

            Shared.Delay(TimeSpan.Zero);
            await pair.AssertExactAsync();
        }
        finally
        {
            Shared.Delay(TimeSpan.Zero);
        }
    }
}
