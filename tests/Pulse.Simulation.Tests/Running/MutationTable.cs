using Pulse.Simulation.Tests.Mutations;
using Pulse.Simulation.Tests.World;

namespace Pulse.Simulation.Tests.Running;

/// <summary>Which seed catches which mistake.</summary>
internal static class MutationTable
{
    /// <summary>A mistake has to be caught within so many seeds.</summary>
    public const int SeedLimit = 2000;

    /// <summary>Every mistake; the double without one is not among them.</summary>
    public static IEnumerable<Mutation> Mistakes => Enum.GetValues<Mutation>()
        .Where(mutation => mutation is not (Mutation.None or Mutation.LedgerDoubleAsItShouldBe));

    /// <summary>The first seed that fails, or null.</summary>
    /// <param name="mutation">The mistake.</param>
    /// <param name="outcomesOnly">
    /// Whether only what a user could see counts: lost or doubled events, wrong tables, a drain that never ends.
    /// </param>
    public static SimulationRun? FirstFailure(Mutation mutation, bool outcomesOnly) =>
        Enumerable.Range(0, SeedLimit)
            .Select(seed => SimulationRun.Of(WorldSettings.FromSeed(seed), mutation, outcomesOnly: outcomesOnly))
            .FirstOrDefault(run => run.Failure is not null);

    /// <summary>One line of the table.</summary>
    public static string Line(Mutation mutation)
    {
        var any = FirstFailure(mutation, outcomesOnly: false);
        var outcome = FirstFailure(mutation, outcomesOnly: true);
        return $"{mutation,-32} {Caught(any),-28} by its outcome alone: {Caught(outcome),-28} {(outcome ?? any)?.Failure}";
    }

    private static string Caught(SimulationRun? run) =>
        run is null ? "not caught" : $"seed {run.Settings.Seed}, step {run.Steps} ({run.Invariant})";
}
