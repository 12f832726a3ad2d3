using Microsoft.Extensions.Diagnostics.HealthChecks;
using Pulse.Actors.Storage;

namespace Pulse.Host.Health;

/// <summary>Whether storage answers.</summary>
internal sealed class StorageCheck(StorageAvailability storage) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(storage.IsAvailable
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("Storage is away; /api/status says why."));
}
