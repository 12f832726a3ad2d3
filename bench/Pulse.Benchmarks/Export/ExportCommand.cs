using System.CommandLine;
using Pulse.Benchmarks.Reporting;
using Pulse.Testing.BigQuery;

namespace Pulse.Benchmarks.Export;

/// <summary>The command lines of the export benchmark.</summary>
internal static class ExportCommand
{
    internal const string FakeVerb = "fake-bigquery";

    /// <summary><c>export</c>: one day of many rows into the fake of BigQuery.</summary>
    public static Command Measure()
    {
        var rows = CommandOptions.Count("--rows", 10_000_000, "Rows of the day");
        var postgres = new Option<bool>("--postgres") { Description = "Read them from PostgreSQL instead of making them up" };
        var json = CommandOptions.Json("export");
        var command = new Command("export", "Export one day into the fake BigQuery, which runs in a process of its own")
        {
            rows, postgres, json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var result = await new ExportBenchmark(parsed.GetValue(rows), parsed.GetValue(postgres)).RunAsync(stop);
            new Report("export", [("warehouse", "the fake BigQuery, in a process of its own")], [result.ToSubject()])
                .Publish(parsed.GetValue(json)!);
            return 0;
        });
        return command;
    }

    /// <summary><c>fake-bigquery</c>: the fake alone, until its standard input ends; prints its address.</summary>
    public static Command Fake()
    {
        var command = new Command(FakeVerb, "Run the fake BigQuery until standard input ends");
        command.SetAction(async (_, stop) =>
        {
            await using var fake = await FakeBigQuery.StartAsync();
            Console.WriteLine(fake.BaseUri);
            await Console.In.ReadToEndAsync(stop);
            return 0;
        });
        return command;
    }
}
