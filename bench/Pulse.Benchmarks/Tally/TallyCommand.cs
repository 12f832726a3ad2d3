using System.CommandLine;
using System.Globalization;
using Pulse.Benchmarks.Micro;
using Pulse.Benchmarks.Reporting;

namespace Pulse.Benchmarks.Tally;

/// <summary><c>tally</c>: from bytes to counts in buckets, against dense counters by hand.</summary>
internal static class TallyCommand
{
    public static Command Create()
    {
        var quick = CommandOptions.Quick();
        var json = CommandOptions.Json("tally");
        var command = new Command("tally", "Count events: by hand, into a session, into buckets") { quick, json };
        command.SetAction(parsed =>
        {
            var subjects = new MicroBenchmark(TallySubjects.Events, parsed.GetValue(quick)).Run<TallySubjects>();
            new Report("tally", [("events", Events())], subjects).Publish(parsed.GetValue(json)!);
            return 0;
        });
        return command;
    }

    private static string Events() => string.Create(CultureInfo.InvariantCulture,
        $"{TallySubjects.Events:#,0} a run, 3 rollups, 134 keys, deltas every {TallySubjects.EventsPerFlush:#,0}");
}
