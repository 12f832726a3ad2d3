using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Broker;
using Pulse.Actors.Hosting;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Benchmarks.Nodes;
using Pulse.Events;
using Pulse.Warehouse;

namespace Pulse.Benchmarks.Subjects;

/// <summary>A whole node without its web pages.</summary>
internal sealed class PulseNode : ISubject
{
    private readonly IHost _host;
    private readonly IngestStatistics _statistics;
    private readonly PulseSettings _settings;

    private PulseNode(IHost host, PulseSettings settings)
    {
        _host = host;
        _settings = settings;
        _statistics = host.Services.GetRequiredService<IngestStatistics>();
    }

    public static async Task<PulseNode> StartAsync(SubjectSettings subject)
    {
        var kafka = new KafkaSettings(subject.BootstrapServers)
        {
            Topic = subject.Topic,
            CompletionTopic = $"{subject.Topic}-completion",
            DeadLetterTopic = $"{subject.Topic}-dlq",
            GroupId = subject.Group,
            StreamIdentity = subject.Topic,
        };
        var storage = new StorageOptions(StorageKind.Postgres, subject.Postgres!);
        var settings = new PulseSettings(kafka, storage, Catalog(subject.TitleBuckets))
        {
            CheckpointInterval = TimeSpan.FromSeconds(subject.CheckpointSeconds),
            Cluster = new ClusterSettings
            {
                Port = subject.Port,
                SeedNodes = subject.SeedPort == 0 ? [] : [$"akka.tcp://pulse@127.0.0.1:{subject.SeedPort}"],
                SeedNodeTimeout = TimeSpan.FromSeconds(1),
            },
        };
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(new ErrorLog()).SetMinimumLevel(LogLevel.Warning);
        var exports = Path.Combine(Path.GetTempPath(), subject.Topic);
        builder.Services.AddPulse(settings, new ParquetWarehouse(exports));
        var host = builder.Build();
        await host.Services.GetRequiredService<NodeStorage>().PrepareAsync(settings.Rules, CancellationToken.None);
        await host.StartAsync();
        return new PulseNode(host, settings);
    }

    public void Checkpoint() => _host.Services.GetRequiredService<IRequiredActor<StreamIngest>>()
        .ActorRef.Tell(FlushNow.Instance, ActorRefs.NoSender);

    public SubjectReport Report()
    {
        var partitions = _statistics.Partitions;
        return new SubjectReport
        {
            Consumed = _statistics.Consumed,
            Positions = partitions.ToDictionary(status => status.Partition, status => status.Position ?? 0),
            Committed = partitions.ToDictionary(status => status.Partition, status => status.Committed ?? 0),
        };
    }

    // Leaving makes everything durable first.
    public async Task<Dictionary<string, long>> EndAsync()
    {
        await _host.StopAsync();
        await using var storage = new NodeStorage(_settings.Storage, _settings.Catalog);
        Dictionary<string, long> totals = [];
        foreach (var rollup in _settings.Catalog.Rollups)
            totals.Add(rollup.Name, (await storage.Results.TotalsAsync(rollup, CancellationToken.None)).Counted);
        return totals;
    }

    private static RollupCatalog Catalog(int titleBuckets)
    {
        if (titleBuckets == 0)
            return RollupCatalog.Default;
        RollupCatalog.TryCreate(
            [new RollupDeclaration { Name = "viewsByTitle", Dimensions = ["content_name"], Buckets = titleBuckets }],
            out var catalog);
        return catalog;
    }
}
