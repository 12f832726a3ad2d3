using System.Diagnostics;
using Pulse.Simulation.Tests.Audit;
using Pulse.Simulation.Tests.Mutations;
using Pulse.Simulation.Tests.World;

namespace Pulse.Simulation.Tests.Running;

/// <summary>How one world ended.</summary>
/// <param name="Settings">The world.</param>
/// <param name="Steps">How many steps it took.</param>
/// <param name="Events">How many records it held.</param>
/// <param name="Failure">Null where every invariant held; else what broke.</param>
/// <param name="Invariant">The broken invariant's name, empty where none.</param>
internal sealed record SimulationRun(WorldSettings Settings, long Steps, long Events, string? Failure, string Invariant)
{
    static SimulationRun()
    {
        // An assertion of the state machines is an invariant like the others; it must not end the process.
        Trace.Listeners.Clear();
        Trace.Listeners.Add(new AssertionListener());
    }

    /// <summary>Runs a world to its end.</summary>
    /// <param name="settings">The world.</param>
    /// <param name="mutation">A mistake to make in it.</param>
    /// <param name="trace">Takes what happens, line by line.</param>
    /// <param name="sightings">Takes how often each <see cref="Sighting"/> happened.</param>
    /// <param name="outcomesOnly">Whether only outcomes are judged, not the means.</param>
    public static SimulationRun Of(
        WorldSettings settings, Mutation mutation = Mutation.None, List<string>? trace = null, long[]? sightings = null,
        bool outcomesOnly = false)
    {
        var world = new SimulatedWorld(settings, mutation, trace, sightings, outcomesOnly);
        try
        {
            new Scheduler(world).Run();
            return Ended(null, "");
        }
        catch (InvariantViolation violation)
        {
            return Ended(violation.Message, violation.Invariant);
        }
        catch (Exception failure) when (mutation != Mutation.None && failure is not InvariantViolation)
        {
            // A mutated shell may drive a state machine where it was never meant to be.
            return Ended(failure.Message, failure.GetType().Name);
        }

        SimulationRun Ended(string? failure, string invariant) =>
            new(settings, world.StepCount, world.Logs.Sum(log => (long)log.RecordCount), failure, invariant);
    }

    private sealed class AssertionListener : TraceListener
    {
        public override void Fail(string? message, string? detailMessage) =>
            throw new InvariantViolation("assertion", $"{message} {detailMessage}");

        public override void Write(string? message)
        {
        }

        public override void WriteLine(string? message)
        {
        }
    }
}
