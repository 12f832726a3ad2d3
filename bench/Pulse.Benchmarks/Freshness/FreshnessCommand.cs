using System.CommandLine;
using System.Globalization;
using Pulse.Benchmarks.Dashboards;
using Pulse.Benchmarks.Reporting;
using Pulse.Benchmarks.Subjects;

namespace Pulse.Benchmarks.Freshness;

/// <summary><c>freshness</c>: from an event's production to the dashboard.</summary>
internal static class FreshnessCommand
{
    public static Command Create()
    {
        var rate = CommandOptions.Count("--rate", 50_000, "Other events a second");
        var seconds = CommandOptions.Count("--seconds", 60, "How long it is measured");
        var json = CommandOptions.Json("freshness");
        var command = new Command("freshness", "Time from an event's production until a dashboard shows it") { rate, seconds, json };
        command.SetAction(async (parsed, _) =>
        {
            await using var broker = await BenchmarkBroker.OfAsync(parsed);
            var subjects = await new FreshnessBenchmark(
                parsed.GetValue(rate), TimeSpan.FromSeconds(parsed.GetValue(seconds)), broker).RunAsync();
            new Report(
                "freshness",
                [
                    HostProcess.Condition(broker),
                    ("other events", string.Create(CultureInfo.InvariantCulture, $"{parsed.GetValue(rate):#,0} a second asked for")),
                    ("dashboard", "what a page's circuit is told to draw; the drawing itself is not in it"),
                ],
                subjects).Publish(parsed.GetValue(json)!);
            return 0;
        });
        return command;
    }
}
