using Microsoft.Extensions.Diagnostics.HealthChecks;
using Pulse.Actors.Live;

namespace Pulse.Host.Health;

/// <summary>
/// Whether the brokers answer and a partition of the topic can be read. As long as one can, the node does its work: those that
/// stand still are named, and the node is ready.
/// </summary>
internal sealed class KafkaCheck(StreamView stream, TimeProvider time) : IHealthCheck
{
    /// <summary>How long the brokers may be silent.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // What may be an open transaction of a producer, or a slow checkpoint, is no reason to take every node away.
    private static bool IsShut(PartitionState partition) =>
        partition.Standing?.Cause is StandingCause.Reader or StandingCause.NoLeader or StandingCause.NoReader;

    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(Check(stream.State));

    private HealthCheckResult Check(StreamState state)
    {
        if (time.GetUtcNow().UtcDateTime - state.KafkaSilentSinceUtc >= Patience)
            return HealthCheckResult.Unhealthy($"Kafka does not {(state.IsRefused ? "say what the topic is" : "answer")}; /api/status says why.");
        if (!state.Partitions.IsEmpty && state.Partitions.All(IsShut))
            return HealthCheckResult.Unhealthy("No partition of the topic can be read; /api/status says why.");
        var standing = state.Standing.Where(partition => partition.Standing!.Cause != StandingCause.BrokerSilent)
            .Select(partition => partition.Partition).ToList();
        return HealthCheckResult.Healthy(standing.Count == 0
            ? null
            : $"{PartitionNames.Of(standing)} of {state.Partitions.Length} {(standing.Count == 1 ? "stands" : "stand")} still; "
                + "/api/status says why.");
    }
}
