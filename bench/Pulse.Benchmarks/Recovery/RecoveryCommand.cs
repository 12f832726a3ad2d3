using System.CommandLine;
using System.Globalization;
using Pulse.Benchmarks.Pipeline;
using Pulse.Benchmarks.Reporting;
using Pulse.Benchmarks.Subjects;
using Pulse.Testing;

namespace Pulse.Benchmarks.Recovery;

/// <summary><c>recovery</c>: how long a kill, and a cold start, are felt.</summary>
internal static class RecoveryCommand
{
    // Short, so that what is read again after the kill is still within what the embedded broker keeps.
    private const int CheckpointSeconds = 2;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(300);

    public static Command Create()
    {
        var nodes = CommandOptions.Count("--nodes", 3, "Nodes of the cluster");
        var rate = CommandOptions.Count("--rate", 20_000, "Events per second");
        var partitions = CommandOptions.Count("--partitions", 64, "Partitions of the topic; the embedded broker keeps 9,000 events of each");
        var steady = CommandOptions.Count("--steady-seconds", 10, "Time before the kill");
        var backlog = CommandOptions.Count("--backlog-seconds", 10, "Backlog of the cold start, within what the broker keeps");
        var runs = CommandOptions.Count("--runs", 3, "Measurements of each");
        var json = CommandOptions.Json("recovery");
        var command = new Command("recovery", "Kill a node under load; start one with a backlog")
        {
            nodes, rate, partitions, steady, backlog, runs, json,
        };
        nodes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 3)
                result.AddError("--nodes: give 3 or more; where one of two is killed, the other may be the minority and end itself.");
        });
        command.SetAction(async (parsed, stop) =>
        {
            await using var postgres = new PostgresFixture();
            await using var broker = await BenchmarkBroker.OfAsync(parsed);
            List<Figure[]> kills = [], starts = [];
            for (var run = 0; run < parsed.GetValue(runs); run++)
            {
                kills.Add(await RunAsync(parsed.GetValue(nodes), (benchmark, settings) => benchmark.KillAsync(
                    settings, TimeSpan.FromSeconds(parsed.GetValue(steady)), stop)));
                starts.Add(await RunAsync(1, (benchmark, settings) => benchmark.StartColdAsync(
                    settings[0], TimeSpan.FromSeconds(parsed.GetValue(backlog)), stop)));
            }

            new Report(
                "recovery",
                [
                    ("broker", broker.Name),
                    ("stream", string.Create(CultureInfo.InvariantCulture,
                        $"{parsed.GetValue(rate):#,0} events/s in {parsed.GetValue(partitions)} partitions; caught up: one second's worth")),
                    ("kill", $"one of {parsed.GetValue(nodes)} nodes; checkpoints every {CheckpointSeconds} s; totals verified"),
                    ("cold start", $"one node, {parsed.GetValue(backlog)} s of backlog, the start of the process included"),
                ],
                [new Subject("Pulse", [.. Joined(kills), .. Joined(starts)])]).Publish(parsed.GetValue(json)!);
            return 0;

            async Task<Figure[]> RunAsync(int count, Func<RecoveryBenchmark, SubjectSettings[], Task<Figure[]>> measure)
            {
                using var feed = await EventFeed.CreateAsync(broker, parsed.GetValue(partitions), 50_000, linger: Linger);
                var settings = PipelineCommand.Cluster(feed, count, await postgres.CreateDatabaseAsync(), CheckpointSeconds);
                return await measure(new RecoveryBenchmark(feed, parsed.GetValue(rate)), settings);
            }
        });
        return command;
    }

    private static IEnumerable<Figure> Joined(List<Figure[]> runs) =>
        runs[0].Select((figure, index) => new Figure(figure.Name, [.. runs.SelectMany(run => run[index].Runs)]));
}
