namespace Pulse.Simulation.Tests.Broker;

/// <summary>What becomes of a record by a declaration.</summary>
internal enum Outcome
{
    Counted,
    Late,
    Dead,
    Filtered,
}
