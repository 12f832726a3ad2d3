namespace Pulse.Simulation.Tests.Cluster;

/// <summary>A process. Asleep, it does nothing and hears nothing, and knows nothing of it afterwards.</summary>
internal sealed class SimulatedNode(int number)
{
    public bool IsAsleep { get; set; }

    public override string ToString() => $"node {number}";
}
