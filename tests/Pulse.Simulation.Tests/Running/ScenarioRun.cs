using Pulse.Counting;
using Pulse.Simulation.Tests.Proof;
using Pulse.Simulation.Tests.Database;

namespace Pulse.Simulation.Tests.Running;

/// <summary>How one scenario ended.</summary>
/// <param name="Settings">The scenario.</param>
/// <param name="Steps">How many steps it took.</param>
/// <param name="Failure">Null where everything held; else what did not.</param>
/// <param name="Invariant">The broken invariant's name, empty where none.</param>
internal sealed record ScenarioRun(ScenarioSettings Settings, long Steps, string? Failure, string Invariant)
{
    /// <summary>Runs a scenario to its end.</summary>
    /// <param name="settings">The scenario.</param>
    /// <param name="mistake">A mistake to make, by name: one of the machines or of <see cref="DatabaseMistake"/>.</param>
    /// <param name="trace">Takes what happens, line by line.</param>
    /// <param name="sightings">Takes how often each <see cref="History"/> happened.</param>
    public static ScenarioRun Of(
        ScenarioSettings settings, string? mistake = null, List<string>? trace = null, long[]? sightings = null)
    {
        var ofDatabase = Enum.TryParse<DatabaseMistake>(mistake, out var parsed) ? parsed : DatabaseMistake.None;
        var scenario = new Scenario(settings, ofDatabase, trace, sightings);
        Make(mistake);
        try
        {
            new ScenarioScheduler(scenario).Run();
            return Ended(null, "");
        }
        catch (InvariantViolation violation)
        {
            return Ended(violation.Message, violation.Invariant);
        }
        catch (InvalidOperationException broken)
        {
            return Ended(broken.Message, "require");
        }
        finally
        {
            Make(null);
        }

        ScenarioRun Ended(string? failure, string invariant) => new(settings, scenario.StepCount, failure, invariant);
    }

    // Of the machines as they ship, no mistake can be made.
    private static void Make(string? mistake)
    {
#if PULSE_MISTAKES
        Mistakes.Made = mistake;
#else
        Require.That(mistake is null, "A mistake is made where there are some.");
#endif
    }
}
