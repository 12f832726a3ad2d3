using System.Diagnostics;
using System.Net;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests;

/// <summary>A node that is asked to end while it starts: that is no failure.</summary>
public sealed class EndedStartTests : IDisposable
{
    private static readonly int Moments = LongForm.IsWanted ? 20 : 5;

    // What the shell says of a process that a signal ended before its runtime was there to hear it.
    private static readonly int[] Wanted = [0, 128 + 15, 128 + 2];

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_signal_at_any_moment_of_the_start_is_no_failure(bool isTermination)
    {
        if (!isTermination)
            LongForm.Require();
        var ready = await ReadyAsync();
        for (var moment = 0; moment < Moments; moment++)
        {
            var delay = ready * (moment + 1) / Moments;
            await using var node = Start();
            // The moment is what is chosen here; nothing is expected of how far the start has come by then.
            await Task.Delay(delay, TestContext.Current.CancellationToken);
            var asked = Stopwatch.StartNew();
            if (isTermination)
                node.Terminate();
            else
                node.Interrupt();
            var exitCode = await node.ExitAsync(StartLimit);

            var what = $"asked after {delay.TotalSeconds:N2} s of {ready.TotalSeconds:N2} s, ended after {asked.Elapsed.TotalSeconds:N1} s with {exitCode}";
            TestContext.Current.TestOutputHelper?.WriteLine(what);
            Assert.True(Wanted.Contains(exitCode), what);
            Assert.Empty(node.Errors);
            Assert.DoesNotContain(node.Output, line => line.Contains(" error ", StringComparison.Ordinal)
                || line.Contains(" warn ", StringComparison.Ordinal));
        }
    }

    public void Dispose() => _directory.Dispose();

    private PulseProcess Start() => PulseProcess.Host(
        _directory, new Dictionary<string, string>(), "run", "--port", "0", "--no-simulator", "--data", "data");

    // The second start, as all that follow, finds its database there.
    private async Task<TimeSpan> ReadyAsync()
    {
        var ready = TimeSpan.Zero;
        for (var start = 0; start < 2; start++)
        {
            var waited = Stopwatch.StartNew();
            await using var node = Start();
            await Eventually.HoldsAsync("the node is ready", StartLimit, async () => await node.HealthAsync("ready") == HttpStatusCode.OK);
            ready = waited.Elapsed;
            node.Terminate();
            Assert.Equal(0, await node.ExitAsync(StartLimit));
        }

        return ready;
    }
}
