using System.CommandLine;
using System.Globalization;
using Pulse.Benchmarks.Micro;
using Pulse.Benchmarks.Reporting;

namespace Pulse.Benchmarks.Decode;

/// <summary><c>decode</c>: from bytes to dimensions, against the usual ways.</summary>
internal static class DecodeCommand
{
    public static Command Create()
    {
        var quick = CommandOptions.Quick();
        var json = CommandOptions.Json("decode");
        var command = new Command("decode", "Decode events: JsonSerializer, Utf8JsonReader, Pulse") { quick, json };
        command.SetAction(parsed =>
        {
            var subjects = new MicroBenchmark(DecodeSubjects.Events, parsed.GetValue(quick)).Run<DecodeSubjects>();
            new Report("decode", [("events", Events())], subjects).Publish(parsed.GetValue(json)!);
            return 0;
        });
        return command;
    }

    private static string Events() => string.Create(CultureInfo.InvariantCulture,
        $"{DecodeSubjects.Events:#,0} of {EventSample.Generate(1_000).Average(value => value.Length):0} bytes");
}
