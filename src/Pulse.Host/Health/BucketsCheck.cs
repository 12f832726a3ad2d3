using Microsoft.Extensions.Diagnostics.HealthChecks;
using Pulse.Actors.Buckets;

namespace Pulse.Host.Health;

/// <summary>
/// Whether every bucket on this node has a row that it can go on from. A rollup that stands apart is named, and the node is ready: it does
/// all its work for the others.
/// </summary>
internal sealed class BucketsCheck(BucketStatistics buckets) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(buckets.Problem is { } problem
            ? HealthCheckResult.Unhealthy(problem)
            : HealthCheckResult.Healthy(buckets.Apart is { Count: > 0 } apart
                ? $"{string.Join(", ", apart.Select(each => each.Rollup))} {(apart.Count == 1 ? "stands" : "stand")} apart; /api/status says why."
                : null));
}
