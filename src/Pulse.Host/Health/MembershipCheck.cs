using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Pulse.Host.Health;

/// <summary>Whether this node is a full member of its cluster: it has joined and is not leaving.</summary>
internal sealed class MembershipCheck(ActorSystem system) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var cluster = Cluster.Get(system);
        return Task.FromResult(!cluster.IsTerminated && cluster.SelfMember.Status == MemberStatus.Up
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("The node has not joined its cluster, or is leaving it."));
    }
}
