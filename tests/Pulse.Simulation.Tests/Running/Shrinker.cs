using Pulse.Simulation.Tests.Mutations;
using Pulse.Simulation.Tests.World;

namespace Pulse.Simulation.Tests.Running;

/// <summary>
/// Looks for a smaller world that breaks the same invariant: fewer kinds of fault, fewer of everything, another seed.
/// </summary>
internal static class Shrinker
{
    private const int SeedsPerAttempt = 40;
    private const int MostPasses = 8;

    private static readonly Func<WorldSettings, WorldSettings>[] Reductions =
    [
        .. Enum.GetValues<Faults>().Where(fault => fault != Faults.None).Select(Without),
        settings => settings with { Partitions = Math.Max(1, settings.Partitions - 1) },
        settings => settings with { Processes = Math.Max(1, settings.Processes - 1) },
        settings => settings with { Keys = Math.Max(1, settings.Keys - 1) },
        settings => settings with { HashedBuckets = 1 },
        settings => settings with { EventsPerPartition = Math.Max(1, settings.EventsPerPartition / 2) },
        settings => settings with { Windows = Math.Max(1, settings.Windows / 2) },
        settings => settings with { Steps = Math.Max(20, settings.Steps * 2 / 3) },
    ];

    public static SimulationRun Shrink(SimulationRun failed, Mutation mutation)
    {
        var smallest = failed;
        for (var pass = 0; pass < MostPasses; pass++)
        {
            var before = smallest;
            foreach (var reduce in Reductions)
            {
                var settings = reduce(smallest.Settings);
                if (settings != smallest.Settings && FirstFailure(settings, failed, mutation) is { } smaller)
                    smallest = smaller;
            }

            // One reduction may make another possible; go on while any helps.
            if (smallest == before)
                break;
        }

        return smallest;
    }

    private static Func<WorldSettings, WorldSettings> Without(Faults fault) =>
        settings => settings with { Faults = settings.Faults & ~fault };

    private static SimulationRun? FirstFailure(WorldSettings settings, SimulationRun failed, Mutation mutation)
    {
        for (var seed = 0; seed < SeedsPerAttempt; seed++)
        {
            var run = SimulationRun.Of(settings with { Seed = settings.Seed + seed }, mutation);
            if (run.Invariant == failed.Invariant)
                return run;
        }

        return null;
    }
}
