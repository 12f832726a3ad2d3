using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace Pulse.Simulation.Tests.Running;

/// <summary>
/// The command line: <c>--seeds N [--first-seed N]</c> runs as many scenarios as asked,
/// <c>--mistakes</c> makes all mistakes.
/// </summary>
internal static class ScenarioCommand
{
    private const int Failed = 1;
    private const int WrongUsage = 2;

    public static int Run(string[] args)
    {
        var seeds = new Option<long>("--seeds") { Description = "How many seeds to run.", DefaultValueFactory = _ => 10_000 };
        var first = new Option<long>("--first-seed") { Description = "The first of them.", DefaultValueFactory = _ => 0 };
        var mistakes = new Option<bool>("--mistakes") { Description = "Say which seed catches which mistake." };
        var mistake = new Option<string>("--mistake") { Description = "A mistake to make in every scenario." };
        mistake.AcceptOnlyFromAmong([.. MistakeTable.All]);
        var command = new RootCommand("Simulates the counting protocol, one scenario for each seed.") { seeds, first, mistakes, mistake };
        command.SetAction(parsed => parsed.GetValue(mistakes)
            ? MakeMistakes()
            : Run(parsed.GetValue(first), parsed.GetValue(seeds), parsed.GetValue(mistake)));
        var parsed = command.Parse(args);
        var result = parsed.Invoke();
        return parsed.Errors.Count > 0 ? WrongUsage : result;
    }

    private static int MakeMistakes()
    {
        var missed = 0;
        foreach (var mistake in MistakeTable.All)
        {
            var caught = MistakeTable.FirstFailure(mistake);
            missed += caught is null ? 1 : 0;
            Console.WriteLine(MistakeTable.Line(mistake, caught));
        }

        return missed == 0 ? 0 : Failed;
    }

    private static int Run(long first, long count, string? mistake)
    {
        if (count < 1)
        {
            Console.Error.WriteLine("--seeds must be at least 1.");
            return WrongUsage;
        }

        var watch = Stopwatch.StartNew();
        var steps = 0L;
        var sightings = new long[Enum.GetValues<History>().Length];
        for (var seed = first; seed < first + count; seed++)
        {
            var run = ScenarioRun.Of(ScenarioSettings.FromSeed(seed), mistake, sightings: sightings);
            steps += run.Steps;
            if (run.Failure is null)
                continue;
            Console.WriteLine(ScenarioReport.Of(run, mistake));
            return Failed;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{count:N0} seeds, {steps:N0} steps in {watch.Elapsed.TotalSeconds:N1} s. Every invariant held."));
        foreach (var history in Enum.GetValues<History>())
            Console.WriteLine($"  {history}: {sightings[(int)history]}");
        return 0;
    }
}
