using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Cluster.Hosting.SBR;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Buckets;
using Pulse.Actors.Counting;
using Pulse.Actors.Export;
using Pulse.Actors.Ingest;
using Pulse.Actors.Serialization;
using Pulse.Actors.Storage;
using Config = Akka.Configuration.Config;

namespace Pulse.Actors.Hosting;

/// <summary>Puts a node together.</summary>
public static class PulseAkkaExtensions
{
    /// <summary>The actor system's name, which is part of every node's address.</summary>
    public const string SystemName = "pulse";

    private static readonly TimeSpan DrainPhase = TimeSpan.FromSeconds(14);

    /// <summary>Registers what the node's actors share with the rest of the process.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="settings">The node's settings.</param>
    /// <param name="warehouse">Where exports go.</param>
    /// <param name="configure">Adds the caller's own actors; runs after everything of Pulse's.</param>
    public static IServiceCollection AddPulse(
        this IServiceCollection services,
        PulseSettings settings,
        IWarehouse warehouse,
        Action<AkkaConfigurationBuilder, IServiceProvider>? configure = null)
    {
        services.AddSingleton(settings);
        services.AddSingleton(warehouse);
        services.AddSingleton(new ResultStore(settings.Storage, settings.Catalog));
        services.AddSingleton<IngestStatistics>();
        services.AddSingleton<BucketStatistics>();
        services.AddSingleton<ExportStatistics>();
        services.AddSingleton(new StorageAvailability());
        services.AddSingleton<ResultWriterCounters>();
        services.AddSingleton(new StreamProgress(new ClientConfig(settings.Kafka.ClientProperties())));
        services.AddAkka(SystemName, (builder, provider) =>
        {
            builder.WithPulse(settings, provider);
            configure?.Invoke(builder, provider);
        });
        return services;
    }

    /// <summary>
    /// Configures a whole node: cluster, persistence, the buckets' shard region, the ingest side and the coordinator.
    /// Expects the services that <see cref="AddPulse"/> registers.
    /// </summary>
    public static AkkaConfigurationBuilder WithPulse(
        this AkkaConfigurationBuilder builder, PulseSettings settings, IServiceProvider services)
    {
        return builder
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLoggerFactory();
            })
            .AddHocon(PersistenceConfiguration.For(settings.Storage), HoconAddMode.Prepend)
            .AddHocon(CountingMessageSerializer.Configuration, HoconAddMode.Prepend)
            .AddHocon(ExportMessageSerializer.Config, HoconAddMode.Prepend)
            .AddHocon(NodeConfiguration, HoconAddMode.Prepend)
            .WithRemoting(settings.Cluster.Hostname, settings.Cluster.Port)
            .WithClustering(new ClusterOptions
            {
                SeedNodes = [.. settings.Cluster.SeedNodes],
                SplitBrainResolver = new KeepMajorityOption(),
            })
            .WithDistributedPubSub(role: null!)
            .AddStartup((system, _) => JoinAlone(system, settings))
            .WithStorage(services)
            .WithBuckets(settings, services)
            .WithCoordinator(settings, services)
            .WithIngest(settings, services);
    }

    private static Config NodeConfiguration { get; } = ConfigurationFactory.ParseString(
        $$"""
        akka {
          stdout-loglevel = OFF
          log-dead-letters = off
          cluster.pub-sub.send-to-dead-letters-when-no-subscribers = off
          log-dead-letters-during-shutdown = off
          cluster.sharding.distributed-data.durable.keys = []
          coordinated-shutdown {
            run-by-clr-shutdown-hook = off
            exit-clr = off
            phases.before-service-unbind.timeout = {{DrainPhase.TotalSeconds}}s
          }
        }
        """);

    private static AkkaConfigurationBuilder WithStorage(
        this AkkaConfigurationBuilder builder, IServiceProvider services) =>
        builder.WithActors((system, registry) =>
        {
            var store = services.GetRequiredService<ResultStore>();
            var availability = services.GetRequiredService<StorageAvailability>();
            system.ActorOf(StorageMonitor.Props(store.PingAsync, availability), "storage-monitor");
            registry.Register<ResultWriter>(system.ActorOf(
                ResultWriter.Props(store.UpsertAsync, availability, services.GetRequiredService<ResultWriterCounters>()),
                "result-writer"));
        });

    private static AkkaConfigurationBuilder WithBuckets(
        this AkkaConfigurationBuilder builder, PulseSettings settings, IServiceProvider services) =>
        builder.WithShardRegion<Bucket>(
            "bucket",
            (_, registry, _) =>
            {
                var context = new BucketContext(
                    settings.Catalog,
                    settings.AllowedLateness,
                    registry.Get<ResultWriter>(),
                    services.GetRequiredService<StorageAvailability>(),
                    services.GetRequiredService<BucketStatistics>());
                return entityId =>
                {
                    var bucket = BucketId.Parse(entityId);
                    return Props.Create(() => new Bucket(bucket, context));
                };
            },
            new BucketMessageExtractor(settings.Cluster.Shards),
            new ShardOptions
            {
                StateStoreMode = StateStoreMode.DData,
                RememberEntities = false,
                ShouldPassivateIdleEntities = false,
                HandOffStopMessage = StopBucket.Instance,
            });

    private static AkkaConfigurationBuilder WithCoordinator(
        this AkkaConfigurationBuilder builder, PulseSettings settings, IServiceProvider services) =>
        builder.WithSingleton<Coordinator>(
            "coordinator",
            (system, _, _) => Coordinator.SupervisedProps(Collaborators(system, settings, services), settings.Export),
            new ClusterSingletonOptions { TerminationMessage = StopCoordinator.Instance },
            createProxyToo: false);

    private static ExportCollaborators Collaborators(
        ActorSystem system, PulseSettings settings, IServiceProvider services)
    {
        var kafka = settings.Kafka;
        var store = services.GetRequiredService<ResultStore>();
        var progress = services.GetRequiredService<StreamProgress>();
        return new ExportCollaborators
        {
            StreamIdentity = _ => Ingest.StreamIdentity.ResolveAsync(kafka, TimeSpan.FromSeconds(10)),
            ReadEnds = token => progress.EndOffsetsAsync(kafka.Topic, token),
            ReadCommitted = token => progress.CommittedOffsetsAsync(kafka.GroupId, kafka.Topic, token),
            Catalog = settings.Catalog,
            ReadDates = store.DatesAsync,
            ReadRows = store.ReadAsync,
            Warehouse = services.GetRequiredService<IWarehouse>(),
            Statistics = services.GetRequiredService<ExportStatistics>(),
            Mediator = DistributedPubSub.Get(system).Mediator,
            Listener = CompletionListener.Props(
                new ClientConfig(kafka.ClientProperties()), kafka.CompletionTopic, kafka.GroupId),
        };
    }

    private static AkkaConfigurationBuilder WithIngest(
        this AkkaConfigurationBuilder builder, PulseSettings settings, IServiceProvider services) =>
        builder
            .WithActors((system, registry) =>
            {
                var context = new IngestContext(
                    settings.Catalog,
                    settings.WindowLength,
                    settings.FlushInterval,
                    registry.Get<Bucket>(),
                    services.GetRequiredService<IngestStatistics>());
                var log = services.GetRequiredService<ILogger<KafkaConsumer>>();
                registry.Register<StreamIngest>(system.ActorOf(
                    Props.Create(() => new StreamIngest(settings.Kafka, settings.CheckpointInterval, context, log)),
                    "ingest"));
            })
            .AddStartup((system, registry) => DrainBeforeLeaving(system, registry.Get<StreamIngest>()));

    private static void JoinAlone(ActorSystem system, PulseSettings settings)
    {
        var cluster = Cluster.Get(system);
        if (settings.Cluster.SeedNodes.IsEmpty)
            cluster.Join(cluster.SelfAddress);
    }

    // The buckets must still be there when the ingestors make their last events durable, so this comes before hand-off.
    private static void DrainBeforeLeaving(ActorSystem system, IActorRef ingest) =>
        CoordinatedShutdown.Get(system).AddTask(
            CoordinatedShutdown.PhaseBeforeServiceUnbind,
            "drain-ingest",
            async () =>
            {
                await ingest.Ask<IngestDrained>(DrainIngest.Instance, DrainPhase).ConfigureAwait(false);
                return Akka.Done.Instance;
            });
}
