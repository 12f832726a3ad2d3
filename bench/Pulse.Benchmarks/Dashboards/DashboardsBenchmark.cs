using System.Diagnostics;
using Pulse.Benchmarks.Reporting;
using Pulse.Benchmarks.Subjects;

namespace Pulse.Benchmarks.Dashboards;

/// <summary>
/// How fast a node counts while nobody looks, and while many do: by turns, in one run, on one node that is fed as fast
/// as it counts, or at a rate. The dashboards' other ends are in this process.
/// </summary>
/// <param name="dashboards">Open dashboards, on the three pictures in turn.</param>
/// <param name="requests">API requests a second beside them.</param>
/// <param name="length">How long each turn is measured.</param>
/// <param name="rounds">How many turns of each kind.</param>
/// <param name="rate">Events a second; 0: as fast as the node counts them.</param>
/// <param name="warmUp">How long before all that dashboards and requests are there and not measured.</param>
/// <param name="broker">The broker.</param>
internal sealed class DashboardsBenchmark(
    int dashboards, int requests, TimeSpan length, int rounds, int rate, TimeSpan warmUp, BenchmarkBroker broker)
{
    private static readonly string[] Pages = ["/", "/audience", "/map"];
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    private readonly List<Turn> _alone = [];
    private readonly List<Turn> _watched = [];
    private readonly List<double> _renders = [];
    private readonly List<double> _answers = [];
    private readonly List<double> _slowest = [];

    public async Task<IReadOnlyList<Subject>> RunAsync()
    {
        await using var node = await HostProcess.StartAsync(rate, broker);
        // The runtime compiles meanwhile, the code of pages and API too.
        await WatchAsync(node, (_, _) => Task.Delay(warmUp));
        for (var round = 0; round < rounds; round++)
        {
            await Task.Delay(Settling);
            _alone.Add(await MeasureAsync(node));
            await WatchAsync(node, (circuits, load) => MeasureAsync(node, circuits, load));
        }

        return
        [
            new Subject("nobody looks", Figures(_alone)),
            new Subject($"{dashboards} dashboards, {requests} requests/s",
            [
                .. Figures(_watched),
                new("renders received/s", _renders),
                new("API answers/s", _answers),
                new("API p99, ms", _slowest),
            ]),
        ];
    }

    /// <summary>Dashboards are open and requests are made while something is done.</summary>
    private async Task WatchAsync(HostProcess node, Func<List<Circuit>, RequestLoad, Task> meanwhile)
    {
        using var client = new HttpClient { BaseAddress = node.Address };
        var circuits = new List<Circuit>();
        using var stop = new CancellationTokenSource();
        try
        {
            for (var index = 0; index < dashboards; index++)
                circuits.Add(await Circuit.OpenAsync(client, node.Address, Pages[index % Pages.Length]));
            var load = new RequestLoad(client, requests);
            var asking = load.RunAsync(stop.Token);
            await Task.Delay(Settling);

            await meanwhile(circuits, load);
            await stop.CancelAsync();
            await asking;
            if (load.Counts.Failed > 0)
                Console.Error.WriteLine($"{load.Counts.Failed} requests were refused or not sent in time.");
            if (circuits.FirstOrDefault(circuit => circuit.Failure is not null) is { } broken)
                throw new InvalidOperationException($"A dashboard ended before its time: {broken.Failure}.");
        }
        finally
        {
            foreach (var circuit in circuits)
                await circuit.DisposeAsync();
        }
    }

    private async Task MeasureAsync(HostProcess node, List<Circuit> circuits, RequestLoad load)
    {
        var (renders, answers) = (Renders(), load.Counts.Answered);
        var turn = await MeasureAsync(node);
        _watched.Add(turn);
        _renders.Add((Renders() - renders) / turn.Wall.TotalSeconds);
        _answers.Add((load.Counts.Answered - answers) / turn.Wall.TotalSeconds);
        _slowest.Add(load.Quantile(0.99));

        long Renders() => circuits.Sum(circuit => circuit.Renders);
    }

    private async Task<Turn> MeasureAsync(HostProcess node)
    {
        var (consumed, processor, watch) = (await node.ConsumedAsync(), node.ProcessorTime, Stopwatch.StartNew());
        await Task.Delay(length);
        return new Turn(await node.ConsumedAsync() - consumed, watch.Elapsed, node.ProcessorTime - processor);
    }

    private static Figure[] Figures(List<Turn> turns) =>
    [
        new("events/s", [.. turns.Select(turn => turn.Events / turn.Wall.TotalSeconds)]),
        new("CPU, µs/event", [.. turns.Select(turn => turn.Processor.TotalMicroseconds / Math.Max(1, turn.Events))]),
        new("CPU, cores", [.. turns.Select(turn => turn.Processor / turn.Wall)]),
    ];

    private sealed record Turn(long Events, TimeSpan Wall, TimeSpan Processor);
}
