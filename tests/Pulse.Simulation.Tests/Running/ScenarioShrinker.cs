namespace Pulse.Simulation.Tests.Running;

/// <summary>Looks for a smaller scenario that breaks the same invariant: fewer kinds of fault, fewer of everything.</summary>
internal static class ScenarioShrinker
{
    private const int SeedsPerAttempt = 60;
    private const int MostPasses = 6;

    private static readonly Func<ScenarioSettings, ScenarioSettings>[] Reductions =
    [
        .. Enum.GetValues<ScenarioFaults>().Where(fault => fault != ScenarioFaults.None).Select(Without),
        settings => settings with { Partitions = 1 },
        settings => settings with { Nodes = Math.Max(1, settings.Nodes - 1) },
        settings => settings with { Buckets = Math.Max(1, settings.Buckets - 1) },
        settings => settings with { Versions = 1 },
        settings => settings with { Windows = 1 },
        settings => settings with { Records = Math.Max(1, settings.Records / 2) },
        settings => settings with { Steps = Math.Max(20, settings.Steps * 2 / 3) },
    ];

    public static ScenarioRun Shrink(ScenarioRun failed, string? mistake)
    {
        var smallest = failed;
        for (var pass = 0; pass < MostPasses; pass++)
        {
            var before = smallest;
            foreach (var reduce in Reductions)
            {
                var settings = reduce(smallest.Settings);
                if (settings != smallest.Settings && FirstFailure(settings, failed, mistake) is { } smaller)
                    smallest = smaller;
            }

            // One reduction may make another possible; go on while any helps.
            if (smallest == before)
                break;
        }

        return smallest;
    }

    private static Func<ScenarioSettings, ScenarioSettings> Without(ScenarioFaults fault) =>
        settings => settings with { Faults = settings.Faults & ~fault };

    private static ScenarioRun? FirstFailure(ScenarioSettings settings, ScenarioRun failed, string? mistake) =>
        Enumerable.Range(0, SeedsPerAttempt)
            .Select(seed => ScenarioRun.Of(settings with { Seed = settings.Seed + seed }, mistake))
            .FirstOrDefault(run => run.Invariant == failed.Invariant);
}
