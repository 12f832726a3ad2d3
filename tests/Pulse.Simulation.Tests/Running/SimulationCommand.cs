using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Pulse.Simulation.Tests.Mutations;
using Pulse.Simulation.Tests.World;
using Spectre.Console;

namespace Pulse.Simulation.Tests.Running;

/// <summary>
/// The command line: <c>--seeds N [--first-seed N]</c> runs as many worlds as asked, <c>--mutations</c> all mistakes.
/// </summary>
internal static class SimulationCommand
{
    private const int Failed = 1;
    private const int WrongUsage = 2;
    private const int SeedsPerReport = 500;

    public static int Run(string[] args)
    {
        var seeds = new Option<long>("--seeds") { Description = "How many seeds to run.", DefaultValueFactory = _ => 2000 };
        var first = new Option<long>("--first-seed") { Description = "The first of them.", DefaultValueFactory = _ => 0 };
        var mutations = new Option<bool>("--mutations") { Description = "Say which seed catches which mistake." };
        var mutation = new Option<Mutation>("--mutation") { Description = "A mistake to make in every world." };
        var command = new RootCommand("Simulates the counting protocol, one world for each seed.")
        {
            seeds,
            first,
            mutations,
            mutation,
        };
        command.SetAction(parsed => parsed.GetValue(mutations)
            ? RunMutations()
            : Run(parsed.GetValue(first), parsed.GetValue(seeds), parsed.GetValue(mutation)));
        var parsed = command.Parse(args);
        var result = parsed.Invoke();
        return parsed.Errors.Count > 0 ? WrongUsage : result;
    }

    private static int RunMutations()
    {
        foreach (var mistake in MutationTable.Mistakes)
            Console.WriteLine(MutationTable.Line(mistake));
        return 0;
    }

    private static int Run(long first, long count, Mutation mutation)
    {
        if (count < 1)
        {
            AnsiConsole.MarkupLine("[red]--seeds must be at least 1.[/]");
            return WrongUsage;
        }

        var watch = Stopwatch.StartNew();
        var (seeds, steps, events) = (0L, 0L, 0L);
        SimulationRun? failed = null;
        AnsiConsole.Progress().Start(progress =>
        {
            var task = progress.AddTask("Simulating", maxValue: count);
            for (var seed = first; seed < first + count && failed is null; seed++)
            {
                var run = SimulationRun.Of(WorldSettings.FromSeed(seed), mutation);
                seeds++;
                steps += run.Steps;
                events += run.Events;
                failed = run.Failure is null ? null : run;
                if (seeds % SeedsPerReport != 0)
                    continue;
                task.Value = seeds;
                task.Description = Rates(seeds, steps, watch.Elapsed);
            }

            task.Value = seeds;
            task.StopTask();
        });

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{seeds:N0} seeds, {steps:N0} steps, {events:N0} records in {watch.Elapsed.TotalSeconds:N1} s: "
            + $"{Rates(seeds, steps, watch.Elapsed)}"));
        if (failed is null)
        {
            Console.WriteLine("Every invariant held.");
            return 0;
        }

        Console.WriteLine(FailureReport.Of(failed, mutation));
        return Failed;
    }

    private static string Rates(long seeds, long steps, TimeSpan elapsed) => string.Create(
        CultureInfo.InvariantCulture,
        $"{seeds / elapsed.TotalSeconds:N0} seeds/s, {steps / elapsed.TotalSeconds:N0} steps/s");
}
