using Pulse.Simulation.Tests.Broker;

namespace Pulse.Simulation.Tests.Cluster;

/// <summary>Records that a consumer has fetched for its session.</summary>
internal sealed record FetchedBatch(int Reading, long Start, IReadOnlyList<SimulatedRecord> Records, long Next);
