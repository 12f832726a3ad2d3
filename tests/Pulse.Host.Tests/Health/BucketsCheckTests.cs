using Microsoft.Extensions.Diagnostics.HealthChecks;
using Pulse.Actors.Buckets;
using Pulse.Counting;
using Pulse.Host.Health;

namespace Pulse.Host.Tests.Health;

public sealed class BucketsCheckTests
{
    private readonly BucketStatistics _buckets = new();

    [Fact]
    public async Task A_bucket_without_a_row_makes_a_node_not_ready_and_a_rollup_that_stands_apart_is_named_beside_it()
    {
        Assert.Equal((HealthStatus.Healthy, null), await CheckAsync());

        _buckets.StandsApart(new BucketId("views", 3), "Database 'secret' at db:5432 refuses it.");
        Assert.Equal((HealthStatus.Healthy, "views stands apart; /api/status says why."), await CheckAsync());
        _buckets.StandsApart(new BucketId("titles", 1), "So it does that.");
        Assert.Equal((HealthStatus.Healthy, "titles, views stand apart; /api/status says why."), await CheckAsync());

        _buckets.StandsStill(new BucketId("views", 4), "views/4 has no row.");
        Assert.Equal((HealthStatus.Unhealthy, "views/4 has no row."), await CheckAsync());

        _buckets.GoesOn(new BucketId("views", 4));
        _buckets.TakesPart(new BucketId("views", 3));
        _buckets.TakesPart(new BucketId("titles", 1));
        Assert.Equal((HealthStatus.Healthy, null), await CheckAsync());
    }

    private async Task<(HealthStatus Status, string? Says)> CheckAsync()
    {
        var result = await new BucketsCheck(_buckets).CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken);
        return (result.Status, result.Description);
    }
}
