using Pulse.Simulation.Tests.Mutations;
using Pulse.Simulation.Tests.World;

namespace Pulse.Simulation.Tests.Running;

/// <summary>
/// Looks for a smaller world that breaks the same invariant: fewer kinds of fault, fewer of everything, another seed.
/// </summary>
internal static class Shrinker
{
    private const int SeedsPerAttempt = 40;
    private const int MostPasses = 6;

    public static SimulationRun Shrink(SimulationRun failed, Mutation mutation)
    {
        var smallest = failed;
        for (var pass = 0; pass < MostPasses; pass++)
        {
            var before = smallest;
            foreach (var settings in Smaller(before.Settings))
            {
                if (Size(settings) < Size(smallest.Settings) && FirstFailure(settings, failed, mutation) is { } smaller)
                    smallest = smaller;
            }

            // One kind of reduction may have hidden another; go on while anything helps.
            if (smallest == before)
                break;
        }

        return smallest;
    }

    private static IEnumerable<WorldSettings> Smaller(WorldSettings settings)
    {
        var without = settings;
        foreach (var fault in Enum.GetValues<Faults>())
        {
            if (fault != Faults.None && settings.Has(fault))
                yield return settings with { Faults = settings.Faults & ~fault };
        }

        yield return without with { Partitions = Math.Max(1, settings.Partitions - 1) };
        yield return without with { Processes = Math.Max(1, settings.Processes - 1) };
        yield return without with { Keys = Math.Max(1, settings.Keys - 1) };
        yield return without with { HashedBuckets = 1 };
        yield return without with { EventsPerPartition = Math.Max(1, settings.EventsPerPartition / 2) };
        yield return without with { Windows = Math.Max(1, settings.Windows / 2) };
        yield return without with { Steps = Math.Max(20, settings.Steps / 2) };
        yield return without with { Steps = Math.Max(20, settings.Steps * 4 / 5) };
    }

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

    private static long Size(WorldSettings settings) =>
        settings.Steps + settings.EventsPerPartition * settings.Partitions * 4
        + 100L * (settings.Partitions + settings.Processes + settings.Keys + settings.HashedBuckets + settings.Windows)
        + 1000L * System.Numerics.BitOperations.PopCount((uint)settings.Faults);
}
