using Akka.Configuration;
using Pulse.Actors.Hosting;

namespace Pulse.Host.Tests;

public sealed class ShutdownTests
{
    [Fact]
    public void The_host_waits_longer_than_all_phases_of_the_node_s_shutdown_may_take_together()
    {
        var shutdown = PulseAkkaExtensions.NodeConfiguration
            .WithFallback(ConfigurationFactory.Default())
            .GetConfig("akka.coordinated-shutdown");
        var usual = shutdown.GetTimeSpan("default-phase-timeout");
        var phases = shutdown.GetConfig("phases").Root.GetObject().Items.Keys.ToList();

        var sum = phases.Aggregate(TimeSpan.Zero, (total, phase) =>
            total + shutdown.GetTimeSpan($"phases.{phase}.timeout", usual));

        Assert.Contains("cluster-sharding-shutdown-region", phases);
        Assert.InRange(sum, TimeSpan.FromSeconds(60), PulseApplication.ShutdownTimeout - TimeSpan.FromSeconds(5));
    }
}
