using System.Text;

namespace Pulse.Simulation.Tests.Running;

/// <summary>What a person needs to understand a failed seed: the seed, the step, the invariant, a short history.</summary>
internal static class ScenarioReport
{
    private const int MostLines = 80;

    public static string Of(ScenarioRun failed, string? mistake = null)
    {
        var small = ScenarioShrinker.Shrink(failed, mistake);
        var trace = new List<string>();
        ScenarioRun.Of(small.Settings, mistake, trace);

        var report = new StringBuilder();
        report.AppendLine($"Seed {failed.Settings.Seed} fails at step {failed.Steps}: {failed.Failure}");
        report.AppendLine($"  {failed.Settings}");
        report.AppendLine($"A smaller scenario that fails alike, at step {small.Steps}: {small.Failure}");
        report.AppendLine($"  {small.Settings}");
        if (trace.Count > MostLines)
            report.AppendLine($"  ... {trace.Count - MostLines} earlier lines");
        foreach (var line in trace.TakeLast(MostLines))
            report.AppendLine($"  {line}");
        report.AppendLine(
            $"Run it again: dotnet run -c Release --project tests/Pulse.Simulation.Tests -- --seeds 1 "
            + $"--first-seed {failed.Settings.Seed}{(mistake is null ? "" : $" --mistake {mistake}")}");
        return report.ToString();
    }
}
