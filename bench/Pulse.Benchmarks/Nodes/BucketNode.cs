using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Broker;
using Pulse.Actors.Buckets;
using Pulse.Actors.Hosting;
using Pulse.Actors.Ingest;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Events;

namespace Pulse.Benchmarks.Nodes;

/// <summary>A node of Pulse without its ingest side, in this process.</summary>
internal sealed class BucketNode : IAsyncDisposable
{
    /// <summary>The stream that nodes count; configured, so that no broker is asked for it.</summary>
    public const string Stream = "benchmark";

    private readonly IHost _host;

    private BucketNode(IHost host) => _host = host;

    public ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    /// <summary>Takes messages to buckets, wherever these are.</summary>
    public IActorRef Buckets => _host.Services.GetRequiredService<IReadOnlyActorRegistry>().Get<Bucket>();

    /// <summary>How many buckets are in memory here.</summary>
    public int Running => _host.Services.GetRequiredService<BucketStatistics>().Running;

    /// <summary>Starts a node that founds a cluster.</summary>
    public static Task<BucketNode> StartAsync(StorageOptions storage, RollupCatalog catalog) =>
        StartAsync(new PulseSettings(new KafkaSettings("127.0.0.1:1") { StreamIdentity = Stream }, storage, catalog));

    /// <summary>Starts a node that joins this one's cluster, and reaches over remoting the buckets that run here by then.</summary>
    public Task<BucketNode> StartNextAsync()
    {
        var settings = _host.Services.GetRequiredService<PulseSettings>();
        var seed = Akka.Cluster.Cluster.Get(System).SelfAddress.ToString();
        return StartAsync(settings with { Cluster = new ClusterSettings { SeedNodes = [seed] } });
    }

    // Without leaving the cluster in good order, which takes longer than most measurements.
    public async ValueTask DisposeAsync()
    {
        await System.Terminate();
        _host.Dispose();
    }

    private static async Task<BucketNode> StartAsync(PulseSettings settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(new ErrorLog()).SetMinimumLevel(LogLevel.Error);
        builder.Services
            .AddSingleton(settings)
            .AddSingleton(_ => new NodeStorage(settings.Storage, settings.Catalog))
            .AddSingleton(services => services.GetRequiredService<NodeStorage>().Results)
            .AddSingleton(new StorageAvailability())
            .AddSingleton<BucketStatistics>()
            .AddSingleton<UndeliveredMessages>()
            .AddSingleton<IngestStatistics>()
            .AddSingleton(_ => new TopicQuestions(settings.Kafka))
            .AddSingleton(services => ActivatorUtilities.CreateInstance<StreamAdmission>(services, settings.Kafka))
            .AddSingleton<LiveBuckets>()
            // Buckets stay where they were started first.
            .AddAkka(PulseAkkaExtensions.SystemName, (akka, services) => akka
                .WithBucketNode(settings, services)
                .AddHocon("akka.cluster.sharding.rebalance-interval = 1h", HoconAddMode.Prepend)
                .AddHocon("akka.coordinated-shutdown.run-by-actor-system-terminate = off", HoconAddMode.Prepend));
        var host = builder.Build();
        await host.Services.GetRequiredService<NodeStorage>().PrepareAsync(settings.Rules, CancellationToken.None);
        await host.StartAsync();
        return new BucketNode(host);
    }
}
