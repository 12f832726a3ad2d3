using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
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
using Pulse.Actors.Broker;
using Pulse.Actors.Buckets;
using Pulse.Actors.Coordination;
using Pulse.Actors.Ingest;
using Pulse.Actors.Ingest.Formats;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Actors.Live;
using Pulse.Actors.Serialization;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Warehouse;
using Config = Akka.Configuration.Config;

namespace Pulse.Actors.Hosting;

/// <summary>Puts a node together.</summary>
public static class PulseAkkaExtensions
{
    /// <summary>The actor system's name, which is part of every node's address.</summary>
    public const string SystemName = "pulse";

    private static readonly TimeSpan HandOverPhase = TimeSpan.FromSeconds(14);
    private static readonly TimeSpan HandOverLimit = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan FinishLimit = TimeSpan.FromSeconds(2);

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
        services.AddSingleton(_ => new NodeStorage(settings.Storage, settings.Catalog));
        services.AddSingleton(provider => provider.GetRequiredService<NodeStorage>().Results);
        services.AddSingleton(provider => provider.GetRequiredService<NodeStorage>().Gaps);
        services.AddSingleton(provider => provider.GetRequiredService<NodeStorage>().Actions);
        services.AddSingleton<IngestStatistics>();
        services.AddSingleton<DeadLetterStatistics>();
        services.AddSingleton<BucketStatistics>();
        services.AddSingleton<ExportStatistics>();
        services.AddSingleton(new StorageAvailability());
        services.AddSingleton(new ReadModel(settings.Catalog, settings.Live, settled: 2 * settings.CheckpointInterval));
        services.AddSingleton<RollupReader>();
        services.AddSingleton<LiveBuckets>();
        services.AddSingleton<ClusterView>();
        services.AddSingleton<UndeliveredMessages>();
        services.AddSingleton(new Balances(settings.Catalog));
        services.AddSingleton<StreamView>();
        services.AddSingleton(_ => new TopicQuestions(settings.Kafka));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<StreamAdmission>(provider, settings.Kafka));
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
        if (settings.Cluster.Tls is { } tls)
            builder.AddSetup(tls.ToSetup()).AddHocon("akka.remote.dot-netty.tcp.enable-ssl = on", HoconAddMode.Prepend);
        return builder
            .WithBucketNode(settings, services)
            .WithLiveFeed(services)
            .WithCoordinator(settings, services)
            .WithIngest(settings, services);
    }

    /// <summary>Configures the buckets' shard region and what it needs: cluster, persistence, storage.</summary>
    internal static AkkaConfigurationBuilder WithBucketNode(
        this AkkaConfigurationBuilder builder, PulseSettings settings, IServiceProvider services)
    {
        return builder
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLogger<AkkaLog>();
                // Akka does not ask the process's log what it takes, and building lines that it does not take costs time.
                loggers.LogLevel = AkkaLog.LowestLevel(services.GetRequiredService<ILoggerFactory>());
            })
            .AddSetup(new AkkaLog.Factory(
                services.GetRequiredService<ILoggerFactory>(), services.GetRequiredService<UndeliveredMessages>()))
            .WithPersistence(services.GetRequiredService<NodeStorage>())
            .AddHocon(CountingMessageSerializer.Configuration, HoconAddMode.Prepend)
            .AddHocon(ExportMessageSerializer.Configuration, HoconAddMode.Prepend)
            .AddHocon(LiveMessageSerializer.Configuration, HoconAddMode.Prepend)
            .AddHocon(FallbackSerializer.Configuration, HoconAddMode.Prepend)
            .AddHocon(NodeConfiguration, HoconAddMode.Prepend)
            .AddHocon(Roles(settings), HoconAddMode.Prepend)
            .AddHocon($"akka.cluster.seed-node-timeout = {settings.Cluster.SeedNodeTimeout.TotalSeconds:0}s", HoconAddMode.Prepend)
            .WithRemoting(settings.Cluster.Bind ?? settings.Cluster.Hostname, settings.Cluster.Port, settings.Cluster.Hostname)
            .WithClustering(new ClusterOptions { SplitBrainResolver = new KeepMajorityOption() })
            .WithDistributedPubSub(role: null!)
            .WithStorage(settings, services)
            .WithBuckets(settings, services)
            .AddStartup((system, registry) => CoordinatedShutdown.Get(system).AddTask(
                CoordinatedShutdown.PhaseClusterShardingShutdownRegion,
                "end-empty-region",
                async () =>
                {
                    await EmptyRegion.EndedAsync(system, registry.Get<Bucket>()).ConfigureAwait(false);
                    return Akka.Done.Instance;
                }))
            .WithActors((system, _) =>
            {
                var search = system.ActorOf(Props.Create(() => new ClusterSearch(settings.Cluster)), "cluster-search");
                system.ActorOf(Props.Create(() => new ClusterJoin(search)), "cluster-join");
            });
    }

    // Akka.Hosting's own option does not quote them.
    private static Config Roles(PulseSettings settings)
    {
        string[] roles = [.. settings.Cluster.Roles, .. ClusterAgreement.RolesOf(settings)];
        return ConfigurationFactory.ParseString($"akka.cluster.roles = {JsonSerializer.Serialize(roles)}");
    }

    internal static Config NodeConfiguration { get; } = ConfigurationFactory.ParseString(
        $$"""
        akka {
          stdout-loglevel = OFF
          stdout-logger-class = "{{typeof(AkkaLog.Silence).AssemblyQualifiedName}}"
          log-dead-letters = off
          cluster.pub-sub.send-to-dead-letters-when-no-subscribers = off
          # A node that joins shall hear the others' counts within two seconds.
          cluster.pub-sub.gossip-interval = 250ms
          log-dead-letters-during-shutdown = off
          # A seed node is asked again every five seconds. A gate of the same time would let some of these questions fall one after the other.
          remote.retry-gate-closed-for = 1s
          cluster {
            # A node that is gone is decided upon after about ten seconds: three of silence, six of agreement.
            split-brain-resolver.stable-after = 6s
            # Two incarnations at once are fenced by the row that both write, so nobody has to wait for the other side's decision.
            down-removal-margin = 1s
            sharding {
              # With "majority plus five" a small cluster waits for every node, the dead one included.
              coordinator-state { write-majority-plus = 0, read-majority-plus = 0 }
              distributed-data.durable.keys = []
              rebalance-interval = 3s
              # A shard whose node dies while it is handed over is waited for in vain, and not moved before this is over.
              # Entities have five seconds less.
              handoff-timeout = 12s
              least-shard-allocation-strategy {
                rebalance-absolute-limit = 32
                rebalance-relative-limit = 0.5
              }
            }
          }
          coordinated-shutdown {
            run-by-clr-shutdown-hook = off
            exit-clr = off
            phases.before-service-unbind.timeout = {{HandOverPhase.TotalSeconds}}s
          }
        }
        """);

    private static AkkaConfigurationBuilder WithStorage(
        this AkkaConfigurationBuilder builder, PulseSettings settings, IServiceProvider services) =>
        builder.WithActors((system, registry) =>
        {
            var availability = services.GetRequiredService<StorageAvailability>();
            MonitorStorage(system, services.GetRequiredService<NodeStorage>().Nodes, availability);
            var rollups = settings.Catalog.Counted.ToFrozenDictionary(rollup => rollup.Name);
            var context = new CheckpointWriterContext(
                services.GetRequiredService<LiveBuckets>(),
                availability,
                services.GetRequiredService<BucketStatistics>(),
                settings.CheckpointInterval,
                bucket => rollups[bucket.Rollup],
                services.GetRequiredService<StreamAdmission>().ConfirmAsync);
            registry.Register<BucketWatch>(system.ActorOf(Props.Create(() => new BucketWatch(context.Statistics)), "bucket-watch"));
            registry.Register<CheckpointWriter>(system.ActorOf(
                Props.Create(() => new CheckpointWriter(services.GetRequiredService<NodeStorage>().Checkpoints, context)),
                "checkpoint-writer"));
        });

    private static void MonitorStorage(ActorSystem system, NodeRegister nodes, StorageAvailability availability)
    {
        var self = Cluster.Get(system).SelfUniqueAddress;
        var (address, incarnation) = ($"{self.Address.Host}:{self.Address.Port}", self.Uid);
        var monitor = system.ActorOf(
            Props.Create(() => new StorageMonitor(
                token => nodes.RenewAsync(address, incarnation, token),
                token => nodes.RemoveAsync(address, incarnation, token),
                nodes.Limit,
                availability)),
            "storage-monitor");
        CoordinatedShutdown.Get(system).AddTask(
            CoordinatedShutdown.PhaseBeforeActorSystemTerminate,
            "leave-register",
            async () =>
            {
                if (availability.IsAvailable)
                    await FinishAsync(monitor, StorageMonitor.Leave.Instance).ConfigureAwait(false);
                return Akka.Done.Instance;
            });
    }

    private static AkkaConfigurationBuilder WithBuckets(
        this AkkaConfigurationBuilder builder, PulseSettings settings, IServiceProvider services)
    {
        var extractor = new BucketMessageExtractor(settings.Cluster.Shards);
        if (!settings.Cluster.Has(NodeRole.Bucket))
            return builder.WithShardRegionProxy<Bucket>("bucket", NodeRole.Bucket, extractor);

        return builder.WithShardRegion<Bucket>(
            "bucket",
            (_, registry, _) =>
            {
                var context = new BucketContext(
                    settings.Catalog,
                    settings.Versions,
                    registry.Get<CheckpointWriter>(),
                    services.GetRequiredService<StorageAvailability>(),
                    services.GetRequiredService<BucketStatistics>())
                {
                    LiveBuckets = services.GetRequiredService<LiveBuckets>(),
                    Watch = registry.Get<BucketWatch>(),
                };
                return entityId =>
                {
                    var bucket = BucketId.Parse(entityId);
                    return Props.Create(() => new Bucket(bucket, context));
                };
            },
            extractor,
            new ShardOptions
            {
                Role = NodeRole.Bucket,
                StateStoreMode = StateStoreMode.DData,
                RememberEntities = false,
                ShouldPassivateIdleEntities = false,
                HandOffStopMessage = StopBucket.Instance,
            });
    }

    private static AkkaConfigurationBuilder WithLiveFeed(
        this AkkaConfigurationBuilder builder, IServiceProvider services) =>
        builder.WithActors((system, registry) =>
        {
            var cuts = new CutReader(
                services.GetRequiredService<NodeStorage>().Checkpoints, services.GetRequiredService<PulseSettings>().Catalog);
            system.ActorOf(
                Props.Create(() => new BalanceWatch(
                    token => cuts.ReadAsync(DateTime.UtcNow, token), services.GetRequiredService<Balances>())),
                "balance-watch");
            WatchStream(system, services);
            var report = new NodeReport(
                services.GetRequiredService<IngestStatistics>(),
                services.GetRequiredService<DeadLetterStatistics>(),
                services.GetRequiredService<BucketStatistics>(),
                services.GetRequiredService<StorageAvailability>());
            registry.Register<LiveFeed>(system.ActorOf(
                Props.Create(() => new LiveFeed(
                    services.GetRequiredService<ReadModel>(),
                    services.GetRequiredService<ClusterView>(),
                    services.GetRequiredService<LiveBuckets>(),
                    services.GetRequiredService<ResultStore>(),
                    report,
                    registry.Get<Bucket>())),
                "live-feed"));
        });

    private static void WatchStream(ActorSystem system, IServiceProvider services)
    {
        var settings = services.GetRequiredService<PulseSettings>();
        // A client of its own, which gives up early: where one broker of several dies, the others are asked again within seconds.
        var questions = new TopicQuestions(settings.Kafka, StreamWatch.QuestionLimit);
        system.RegisterOnTermination(questions.Dispose);
        var storage = services.GetRequiredService<NodeStorage>();
        var sources = new StreamSources(
            questions.DescribeAsync,
            (topic, token) => questions.SpansAsync(topic.Topic, topic.Led, token),
            storage.Checkpoints.ReadProgressAsync,
            storage.FoundCuts.KeepBelowStoredAsync);
        var watch = system.ActorOf(
            Props.Create(() => new StreamWatch(
                sources,
                services.GetRequiredService<ClusterView>(),
                services.GetRequiredService<StreamView>(),
                new StreamAssessment(settings.CheckpointInterval),
                services.GetRequiredService<IngestStatistics>())),
            "stream-watch");
        Cluster.Get(system).RegisterOnMemberUp(() => watch.Tell(StreamWatch.Begin.Instance));
        // A node that leaves reads nothing any more, and that is no news.
        CoordinatedShutdown.Get(system).AddTask(
            CoordinatedShutdown.PhaseBeforeServiceUnbind,
            "end-stream-watch",
            () =>
            {
                system.Stop(watch);
                return Task.FromResult(Akka.Done.Instance);
            });
    }

    private static AkkaConfigurationBuilder WithCoordinator(
        this AkkaConfigurationBuilder builder, PulseSettings settings, IServiceProvider services) =>
        settings.Cluster.Has(NodeRole.Bucket)
            ? builder.WithSingleton<Coordinator>(
                "coordinator",
                (system, _, _) => Coordinator.SupervisedProps(Collaborators(system, settings, services), settings.Export),
                new ClusterSingletonOptions { Role = NodeRole.Bucket, TerminationMessage = StopCoordinator.Instance },
                createProxyToo: false)
            : builder;

    private static ExportCollaborators Collaborators(
        ActorSystem system, PulseSettings settings, IServiceProvider services)
    {
        var kafka = settings.Kafka;
        var source = new ExportSource(services.GetRequiredService<NodeStorage>(), settings.Catalog);
        var progress = services.GetRequiredService<StreamProgress>();
        return new ExportCollaborators
        {
            StreamIdentity = async token =>
                (await services.GetRequiredService<StreamAdmission>().DescribeAsync(token).ConfigureAwait(false)).Stream,
            ReadEnds = token => progress.EndOffsetsAsync(kafka.Topic, token),
            ReadStored = source.ReadStoredAsync,
            Catalog = settings.Catalog,
            ReadDates = source.ReadDatesAsync,
            ReadRows = source.ReadRowsAsync,
            ReadGaps = source.ReadGapsAsync,
            Warehouse = services.GetRequiredService<IWarehouse>(),
            Statistics = services.GetRequiredService<ExportStatistics>(),
            Mediator = DistributedPubSub.Get(system).Mediator,
            Listener = CompletionListener.Props(kafka, services.GetRequiredService<TopicQuestions>()),
        };
    }

    private static AkkaConfigurationBuilder WithIngest(
        this AkkaConfigurationBuilder builder, PulseSettings settings, IServiceProvider services)
    {
        // Nobody sends to ingestors but the ingest sides themselves, so other nodes need no proxy.
        if (!settings.Cluster.Has(NodeRole.Ingest))
            return builder;

        return builder
            .WithActors((system, registry) =>
            {
                var log = services.GetRequiredService<ILogger<TopicReader>>();
                var streams = services.GetRequiredService<StreamAdmission>();
                var spans = new LogSpans(services.GetRequiredService<TopicQuestions>(), settings.Kafka.Topic);
                var statistics = services.GetRequiredService<IngestStatistics>();
                registry.Register<StreamIngest>(system.ActorOf(
                    Props.Create(() => new StreamIngest(settings.Kafka, streams, spans, statistics, log)),
                    "ingest"));
                system.ActorOf(Props.Create(() => new FormatWatch(statistics.Formats)), "format-watch");
                registry.Register<BucketOutbox>(system.ActorOf(
                    Props.Create(() => new BucketOutbox(registry.Get<Bucket>(), settings.FlushInterval)),
                    "bucket-outbox"));
                var rules = new SinkRules(settings.Catalog, settings.Rules);
                var positions = services.GetRequiredService<NodeStorage>().Sinks;
                var letters = services.GetRequiredService<DeadLetterStatistics>();
                registry.Register<DeadLetterSink>(system.ActorOf(
                    Props.Create(() => new DeadLetterSink(settings.Kafka, rules, positions, letters, log)), "dead-letters"));
            })
            .WithShardRegion<PartitionIngestor>(
                "ingestor",
                (_, registry, _) =>
                {
                    var cuts = services.GetRequiredService<NodeStorage>().FoundCuts;
                    var look = new CutLook(settings.Kafka, services.GetRequiredService<TopicQuestions>(), services.GetRequiredService<NodeStorage>());
                    var context = new IngestContext(
                        settings.Catalog,
                        settings.Versions,
                        settings.Rules,
                        settings.FlushInterval,
                        registry.Get<StreamIngest>(),
                        registry.Get<BucketOutbox>(),
                        registry.Get<DeadLetterSink>(),
                        services.GetRequiredService<IngestStatistics>(),
                        services.GetRequiredService<StorageAvailability>())
                    {
                        AskStream = services.GetRequiredService<StreamAdmission>().ConfirmAsync,
                        ReadCut = partition => cuts.ReadAsync(partition, CancellationToken.None),
                        KeepCut = (partition, from) => cuts.KeepAsync(partition, from, CancellationToken.None),
                        LowerCut = look.LowerAsync,
                    };
                    return entityId =>
                    {
                        var partition = int.Parse(entityId, CultureInfo.InvariantCulture);
                        return Props.Create(() => new PartitionIngestor(partition, context));
                    };
                },
                new PartitionMessageExtractor(),
                new ShardOptions
                {
                    Role = NodeRole.Ingest,
                    StateStoreMode = StateStoreMode.DData,
                    RememberEntities = false,
                    ShouldPassivateIdleEntities = false,
                    HandOffStopMessage = StopReading.Instance,
                })
            .AddStartup((system, registry) =>
            {
                var ingestors = registry.Get<PartitionIngestor>();
                var ingest = registry.Get<StreamIngest>();
                Cluster.Get(system).RegisterOnMemberUp(() => ingest.Tell(new StreamIngest.ReadWith(ingestors)));
                HandOverPartitionsFirst(system, ingest, ingestors, registry.Get<DeadLetterSink>());
            });
    }

    // Ingestors bring their last events to buckets, so their region leaves before that of the buckets.
    private static void HandOverPartitionsFirst(
        ActorSystem system, IActorRef ingest, IActorRef ingestors, IActorRef deadLetters) =>
        CoordinatedShutdown.Get(system).AddTask(
            CoordinatedShutdown.PhaseBeforeServiceUnbind,
            "hand-over-partitions",
            async () =>
            {
                // A courtesy to whoever reads them now: what is not sent in time is sent by the partition's next node.
                await FinishAsync(deadLetters, FinishSending.Instance).ConfigureAwait(false);
                ingest.Tell(new StreamIngest.HandOver(ingestors));
                await EmptyRegion.EndedAsync(system, ingestors).WaitAsync(HandOverLimit).ConfigureAwait(false);
                return Akka.Done.Instance;
            });

    private static async Task FinishAsync(IActorRef actor, object message)
    {
        try
        {
            await actor.Ask<Akka.Done>(message, FinishLimit).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            // Somebody else does it later.
        }
    }
}
