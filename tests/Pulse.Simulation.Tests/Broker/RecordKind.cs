namespace Pulse.Simulation.Tests.Broker;

/// <summary>What a record is to every declaration.</summary>
internal enum RecordKind
{
    Event,
    Late,
    Dead,
}
