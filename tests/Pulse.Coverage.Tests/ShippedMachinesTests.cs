using Pulse.Simulation.Tests;
using Pulse.Simulation.Tests.Running;

namespace Pulse.Coverage.Tests;

/// <summary>
/// The simulation of the machines as they ship. <see cref="WatchedSimulation"/> runs it once more and sees which branches it takes.
/// </summary>
public sealed class ShippedMachinesTests
{
    private const int Seeds = 10_000;

    [Fact]
    public void The_machines_are_exact_as_they_ship()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var run = ScenarioRun.Of(ScenarioSettings.FromSeed(seed));
            if (run.Failure is not null)
                Assert.Fail(ScenarioReport.Of(run));
        }
    }
}
