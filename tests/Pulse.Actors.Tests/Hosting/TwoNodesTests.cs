using Pulse.Actors.Coordination;
using Pulse.Actors.Hosting;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Export;
using Pulse.Actors.Tests.Storage;
using Pulse.Events;
using Pulse.Simulator;
using Pulse.Simulator.Producing;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Hosting;

/// <summary>Two whole nodes in this process, over real remoting, PostgreSQL and a broker.</summary>
public sealed class TwoNodesTests(KafkaFixture kafka, PostgresFixture postgres)
{
    private const int Partitions = 4;
    private const int Events = 10_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_node_that_leaves_in_mid_export_hands_partitions_buckets_and_coordinator_to_the_other()
    {
        await using var storage = await TestStorage.CreateAsync(StorageKind.Postgres, postgres);
        var settings = new PulseSettings(await kafka.CreateStreamAsync(Partitions), storage.Options, RollupCatalog.Default)
        {
            CheckpointInterval = TimeSpan.FromSeconds(1),
        };
        var exporting = new TaskCompletionSource();
        var warehouse = new RecordingWarehouse
        {
            Before = (_, token) =>
            {
                exporting.TrySetResult();
                return Task.Delay(System.Threading.Timeout.Infinite, token);
            },
        };
        var oldest = await PulseNode.StartAsync(settings, warehouse);
        await using var other = await PulseNode.StartAsync(
            settings with { Cluster = settings.Cluster with { SeedNodes = [oldest.Address] } }, warehouse);
        await Until.TrueAsync(() => oldest.Ingest.Partitions.Count > 0 && other.Ingest.Partitions.Count > 0
            && oldest.Ingest.Partitions.Count + other.Ingest.Partitions.Count == Partitions);

        var result = await new SimulatorRun(new SimulatorOptions
        {
            BootstrapServers = kafka.BootstrapServers,
            Topic = settings.Kafka.Topic,
            CompletionTopic = settings.Kafka.CompletionTopic,
            Events = Events,
            Rate = 5_000,
            Seed = 3,
            SpeedUp = 100,
            Bad = 0.01,
        }).RunAsync(CancellationToken.None);
        await exporting.Task.WaitAsync(Limit);
        var resumed = other.NextAsync<ExportStarted>();
        var finished = other.NextAsync<ExportFinished>();
        warehouse.Before = (_, _) => Task.CompletedTask;
        await oldest.DisposeAsync();

        Assert.True((await resumed.WaitAsync(Limit)).Resumed);
        Assert.True((await finished.WaitAsync(Limit)).Outcome.Succeeded);
        await Until.TrueAsync(() => other.Ingest.Partitions.Count == Partitions);
        await Rows.AssertExactAsync(result.Truth, other.Store, settings.Catalog, warehouse);
    }
}
