using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Buckets;
using Pulse.Actors.Hosting;
using Pulse.Actors.Ingest;
using Pulse.Actors.Live;
using Pulse.Actors.Rollups;
using Pulse.Actors.Storage;

namespace Pulse.Benchmarks.Nodes;

/// <summary>A node of Pulse without its ingest side, in this process: buckets with their storage, or only the way to them.</summary>
internal sealed class BucketNode : IAsyncDisposable
{
    private readonly IHost _host;

    private BucketNode(IHost host) => _host = host;

    public ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    /// <summary>Takes messages to buckets, wherever these are.</summary>
    public IActorRef Buckets => _host.Services.GetRequiredService<IReadOnlyActorRegistry>().Get<Bucket>();

    /// <summary>Starts a node that founds a cluster and owns all buckets.</summary>
    public static Task<BucketNode> StartAsync(StorageOptions storage, RollupCatalog catalog) =>
        StartAsync(Settings(storage, catalog), ownsBuckets: true);

    /// <summary>Starts a node of the same cluster that reaches the buckets of this one over remoting.</summary>
    public Task<BucketNode> StartSenderAsync()
    {
        var settings = _host.Services.GetRequiredService<PulseSettings>();
        var seed = Akka.Cluster.Cluster.Get(System).SelfAddress.ToString();
        return StartAsync(settings with { Cluster = new ClusterSettings { SeedNodes = [seed] } }, ownsBuckets: false);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private static PulseSettings Settings(StorageOptions storage, RollupCatalog catalog) =>
        new(new KafkaSettings("127.0.0.1:1"), storage, catalog);

    private static async Task<BucketNode> StartAsync(PulseSettings settings, bool ownsBuckets)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(new ErrorLog()).SetMinimumLevel(LogLevel.Warning);
        builder.Services
            .AddSingleton(settings)
            .AddSingleton(new ResultStore(settings.Storage, settings.Catalog))
            .AddSingleton(new StorageAvailability())
            .AddSingleton<ResultWriterCounters>()
            .AddSingleton<BucketStatistics>()
            .AddSingleton<LiveBuckets>()
            .AddAkka(PulseAkkaExtensions.SystemName, (akka, services) =>
            {
                akka.WithBucketNode(settings, services, ownsBuckets);
                if (!ownsBuckets)
                    akka.WithShardRegionProxy<Bucket>("bucket", null!, new BucketMessageExtractor(settings.Cluster.Shards));
            });
        var host = builder.Build();
        await host.Services.GetRequiredService<ResultStore>().PrepareAsync(settings.WindowLength, CancellationToken.None);
        await host.StartAsync();
        return new BucketNode(host);
    }
}
