using Pulse.Counting;
using Pulse.Simulation.Tests.Database;

namespace Pulse.Simulation.Tests.Running;

/// <summary>Which seed catches which mistake.</summary>
internal static class MistakeTable
{
    /// <summary>A mistake has to be caught within so many seeds.</summary>
    public const int SeedLimit = 2_000;

    /// <summary>All mistakes: those of the machines, then those around them.</summary>
    public static IEnumerable<string> All =>
        Mistakes.Names.Concat(Enum.GetNames<DatabaseMistake>().Where(name => name != nameof(DatabaseMistake.None)));

    /// <summary>The first seed that fails, or null.</summary>
    public static ScenarioRun? FirstFailure(string mistake) =>
        Enumerable.Range(0, SeedLimit)
            .Select(seed => ScenarioRun.Of(ScenarioSettings.FromSeed(seed), mistake))
            .FirstOrDefault(run => run.Failure is not null);

    /// <summary>One line of the table.</summary>
    public static string Line(string mistake, ScenarioRun? caught) => caught is null
        ? $"{mistake,-34} not caught"
        : $"{mistake,-34} seed {caught.Settings.Seed,4}, step {caught.Steps,4}  {caught.Failure}";
}
