using System.Text;
using Pulse.Simulation.Tests.Mutations;

namespace Pulse.Simulation.Tests.Running;

/// <summary>What a person needs to understand a failed seed: the seed, the step, the invariant, a short history.</summary>
internal static class FailureReport
{
    private const int MostLines = 60;

    public static string Of(SimulationRun failed, Mutation mutation = Mutation.None)
    {
        var small = Shrinker.Shrink(failed, mutation);
        var trace = new List<string>();
        SimulationRun.Of(small.Settings, mutation, trace);

        var report = new StringBuilder();
        report.AppendLine($"Seed {failed.Settings.Seed} fails at step {failed.Steps}: {failed.Failure}");
        report.AppendLine($"  {failed.Settings}");
        report.AppendLine($"A smaller world that fails alike, at step {small.Steps}: {small.Failure}");
        report.AppendLine($"  {small.Settings}");
        if (trace.Count > MostLines)
            report.AppendLine($"  ... {trace.Count - MostLines} earlier lines");
        foreach (var line in trace.TakeLast(MostLines))
            report.AppendLine($"  {line}");
        report.AppendLine(
            $"Run it again: dotnet run --project tests/Pulse.Simulation.Tests -- --seeds 1 "
            + $"--first-seed {failed.Settings.Seed}{(mutation == Mutation.None ? "" : $" --mutation {mutation}")}");
        return report.ToString();
    }
}
