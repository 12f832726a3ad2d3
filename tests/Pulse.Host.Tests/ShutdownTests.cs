using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Pulse.Actors.Export;
using Pulse.Actors.Hosting;
using Pulse.Actors.Ingest;
using Pulse.Actors.Rollups;
using Pulse.Actors.Storage;

namespace Pulse.Host.Tests;

public sealed class ShutdownTests
{
    [Fact]
    public async Task The_host_waits_longer_than_all_phases_of_the_node_s_shutdown_take_together()
    {
        var settings = new PulseSettings(
            new KafkaSettings("127.0.0.1:1"),
            new StorageOptions(StorageKind.Sqlite, "Data Source=:memory:"),
            RollupCatalog.Default);
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IHostApplicationLifetime, NoLifetime>()
            .AddPulse(settings, new ParquetWarehouse(Path.GetTempPath()))
            .BuildServiceProvider();

        // The configuration alone: the node's actors are not started.
        var phases = CoordinatedShutdown.Get(services.GetRequiredService<ActorSystem>()).TotalTimeout;

        Assert.InRange(phases, TimeSpan.FromSeconds(30), PulseApplication.ShutdownTimeout - TimeSpan.FromSeconds(5));
    }

    private sealed class NoLifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
        }
    }
}
