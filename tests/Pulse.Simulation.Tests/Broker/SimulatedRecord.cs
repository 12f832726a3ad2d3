namespace Pulse.Simulation.Tests.Broker;

/// <summary>A record as the broker has it; what it means is said by <see cref="Declaration"/>.</summary>
internal readonly record struct SimulatedRecord(long Offset, int Epoch, RecordKind Kind, int Key, int Window);
