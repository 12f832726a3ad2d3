using Pulse.Counting;

namespace Pulse.Simulation.Tests.Cluster;

/// <summary>A process. Asleep, it does nothing and hears nothing, and knows nothing of it afterwards.</summary>
internal sealed class SimulatedNode(int number)
{
    public bool IsAsleep { get; set; }

    /// <summary>Whether it counts by the raised declaration.</summary>
    public bool IsRaised { get; set; }

    /// <summary>What its buckets hold that is not stored.</summary>
    public UnstoredMemory Memory { get; } = new(Scenario.NodeBytes);

    public override string ToString() => $"node {number}";
}
