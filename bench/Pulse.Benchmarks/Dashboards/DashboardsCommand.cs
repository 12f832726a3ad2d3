using System.CommandLine;
using System.Globalization;
using Pulse.Benchmarks.Reporting;
using Pulse.Benchmarks.Subjects;

namespace Pulse.Benchmarks.Dashboards;

/// <summary><c>dashboards</c>: what onlookers cost the counting.</summary>
internal static class DashboardsCommand
{
    public static Command Create()
    {
        var dashboards = CommandOptions.Count("--dashboards", 200, "Open dashboards: Blazor circuits on the three pictures");
        var requests = CommandOptions.Count("--requests", 500, "API requests a second beside them");
        var seconds = CommandOptions.Count("--seconds", 30, "How long each turn is measured");
        var rounds = CommandOptions.Count("--rounds", 2, "Turns of each kind");
        var rate = new Option<int>("--rate") { Description = "Events a second; 0: as fast as the node counts them" };
        var warmUp = CommandOptions.Count("--warm-up-seconds", 60, "Time before, with everything, until the runtime has compiled it");
        var json = CommandOptions.Json("dashboards");
        var command = new Command("dashboards", "Count with and without many open dashboards")
        {
            dashboards, requests, seconds, rounds, rate, warmUp, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(BenchmarkBroker.Option) is not null && result.GetValue(rate) == 0)
                result.AddError("--kafka: give a --rate too. Only the embedded broker's simulator can follow the node's speed.");
        });
        command.SetAction(async (parsed, _) =>
        {
            await using var broker = await BenchmarkBroker.OfAsync(parsed);
            var length = TimeSpan.FromSeconds(parsed.GetValue(seconds));
            var subjects = await new DashboardsBenchmark(
                parsed.GetValue(dashboards), parsed.GetValue(requests), length, parsed.GetValue(rounds), parsed.GetValue(rate),
                TimeSpan.FromSeconds(parsed.GetValue(warmUp)), broker).RunAsync();
            new Report(
                "dashboards",
                [
                    HostProcess.Condition(broker),
                    ("events", parsed.GetValue(rate) == 0 ? "as fast as they are counted" : string.Create(CultureInfo.InvariantCulture, $"{parsed.GetValue(rate):#,0} a second")),
                    ("dashboards", "Blazor circuits that acknowledge every render, on the same machine; nothing is drawn"),
                ],
                subjects).Publish(parsed.GetValue(json)!);
            return 0;
        });
        return command;
    }
}
