using Pulse.Actors.Buckets;
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

/// <summary>Nodes of one role each, in this process, over real remoting.</summary>
public sealed class RolesTests(KafkaFixture kafka, PostgresFixture postgres)
{
    private const int Partitions = 4;
    private const int Events = 10_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_node_that_reads_and_a_node_that_counts_are_a_cluster_that_counts_exactly()
    {
        await using var storage = await TestStorage.CreateAsync(StorageKind.Postgres, postgres);
        var settings = new PulseSettings(await kafka.CreateStreamAsync(Partitions), storage.Options, RollupCatalog.Default)
        {
            CheckpointInterval = TimeSpan.FromSeconds(1),
            Cluster = new ClusterSettings { Roles = [NodeRole.Ingest] },
        };
        var warehouse = new RecordingWarehouse();
        // The reading node is the oldest, so that nothing lands on the counting one by age.
        await using var reading = await PulseNode.StartAsync(settings, warehouse);
        await using var counting = await PulseNode.StartAsync(
            settings with { Cluster = new ClusterSettings { Roles = [NodeRole.Bucket], SeedNodes = [reading.Address] } },
            warehouse);
        await Until.TrueAsync(() => reading.Ingest.Partitions.Count == Partitions);

        var finished = counting.NextAsync<ExportFinished>();
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

        Assert.True((await finished.WaitAsync(Limit)).Outcome.Succeeded);
        Assert.Empty(counting.Ingest.Partitions);
        Assert.Equal(0, reading.Get<BucketStatistics>().Running);
        Assert.True(counting.Get<BucketStatistics>().Running > 0);
        await Rows.AssertExactAsync(result.Truth, counting.Store, settings.Catalog, warehouse);
    }
}
