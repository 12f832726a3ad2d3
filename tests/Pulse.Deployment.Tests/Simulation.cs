using Pulse.Simulator;
using Pulse.Simulator.Cli;

namespace Pulse.Deployment.Tests;

/// <summary>Reads a simulator's arguments as the simulator does.</summary>
internal static class Simulation
{
    public static SimulatorOptions Parse(IEnumerable<string> arguments)
    {
        var command = new SimulatorCommand((_, _, _) => Task.FromResult(0));
        var parsed = command.Root.Parse([.. arguments]);
        Assert.Empty(parsed.Errors);
        var options = command.ToOptions(parsed);
        Assert.Empty(options.Validate(DateTimeOffset.UtcNow));
        return options;
    }
}
