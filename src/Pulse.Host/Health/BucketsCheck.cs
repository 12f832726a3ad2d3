using Microsoft.Extensions.Diagnostics.HealthChecks;
using Pulse.Actors.Buckets;

namespace Pulse.Host.Health;

/// <summary>Whether every bucket on this node has a row that it can go on from.</summary>
internal sealed class BucketsCheck(BucketStatistics buckets) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(buckets.Problem is { } problem
            ? HealthCheckResult.Unhealthy(problem)
            : HealthCheckResult.Healthy());
}
