using Akka.Actor;
using Pulse.Actors.Broker;
using Pulse.Actors.Coordination;
using Pulse.Actors.Hosting;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Export;
using Pulse.Actors.Tests.Storage;
using Pulse.Events;
using Pulse.Simulator;
using Pulse.Simulator.Generation;
using Pulse.Simulator.Producing;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Hosting;

/// <summary>A whole node as <see cref="PulseAkkaExtensions"/> wires it: SQLite, a broker, the simulator.</summary>
public sealed class OneNodeTests(KafkaFixture kafka, PostgresFixture postgres) : IAsyncLifetime
{
    private const int Partitions = 4;
    private const int Events = 20_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly RecordingWarehouse _warehouse = new();
    private TestStorage _storage = null!;
    private KafkaSettings _kafka = null!;

    public async ValueTask InitializeAsync()
    {
        _storage = await TestStorage.CreateAsync(StorageKind.Sqlite, postgres);
        _kafka = await kafka.CreateStreamAsync(Partitions);
    }

    public ValueTask DisposeAsync() => _storage.DisposeAsync();

    [Fact]
    public async Task Counts_and_the_export_are_exact_though_buckets_are_killed_all_the_while()
    {
        var catalog = Catalog();
        await using var node = await StartAsync(catalog);
        var finished = node.NextAsync<ExportFinished>();
        using var killing = new CancellationTokenSource();

        var killer = KillBucketsAsync(node.System, seed: 11, killing.Token);
        var result = await new SimulatorRun(Simulation(), AwaitFirstCommitAsync).RunAsync(CancellationToken.None);
        await killing.CancelAsync();
        var killed = await killer;

        Assert.Null(result.Failure);
        Assert.True(killed > 20, $"Only {killed} buckets were killed.");
        await finished.WaitAsync(Limit);
        await Rows.AssertExactAsync(result.Truth, node.Store, catalog, _warehouse);

        var bad = await node.Store.TotalsAsync(DeadLetters.Rollup, CancellationToken.None);
        Assert.Equal(result.Truth.Malformed, bad.Counted + bad.Late);
        foreach (var rollup in catalog.Rollups)
        {
            var totals = await node.Store.TotalsAsync(rollup, CancellationToken.None);
            Assert.Equal(Events, totals.Counted + totals.Late + bad.Counted + bad.Late);
        }

        Assert.True(node.Ingest.SessionRestarts > 0, "No session was disturbed.");

        // Buckets that are still starting lose nothing when they are killed.
        async ValueTask AwaitFirstCommitAsync(long produced, CancellationToken stopping)
        {
            if (produced >= 1_000)
                await Until.TrueAsync(() => node.Ingest.LastCommit is not null);
        }
    }

    [Fact]
    public async Task A_node_that_leaves_has_stored_everything_and_its_successor_reads_nothing_again()
    {
        var catalog = Catalog();
        SimulatorResult result;
        await using (var first = await StartAsync(catalog))
        {
            result = await new SimulatorRun(Simulation() with { Complete = false }).RunAsync(CancellationToken.None);
            await Until.TrueAsync(() => first.Ingest.Partitions.Sum(status => status.Position) == Events);
        }

        await using var second = await StartAsync(catalog);
        await Until.TrueAsync(() => second.Ingest.Partitions.Count == Partitions
            && second.Ingest.Partitions.Sum(status => status.Position) == Events);
        Assert.Equal(0, second.Ingest.Consumed);
        foreach (var name in Truth.RollupNames)
            Assert.Equal(Rows.Of(result.Truth, name), await Rows.StoredAsync(second.Store, catalog, name));
    }

    private static RollupCatalog Catalog()
    {
        Assert.Empty(RollupCatalog.TryCreate(
            [new RollupDeclaration { Name = "viewsByTitle", Dimensions = ["content_name", "language"], Buckets = 4 }], out var catalog));
        return catalog;
    }

    private SimulatorOptions Simulation() => new()
    {
        BootstrapServers = _kafka.BootstrapServers,
        Topic = _kafka.Topic,
        CompletionTopic = _kafka.CompletionTopic,
        Events = Events,
        Rate = 5_000,
        Seed = 7,
        SpeedUp = 100,
        Late = 0.01,
        Bad = 0.01,
    };

    private Task<PulseNode> StartAsync(RollupCatalog catalog) => PulseNode.StartAsync(
        new PulseSettings(_kafka, _storage.Options, catalog) { CheckpointInterval = TimeSpan.FromSeconds(1) },
        _warehouse);

    /// <summary>Kills a few buckets of the node, chosen by the seed, over and over until it is told to stop.</summary>
    private static async Task<int> KillBucketsAsync(ActorSystem system, int seed, CancellationToken stopping)
    {
        var random = new Random(seed);
        var killed = 0;
        while (!stopping.IsCancellationRequested)
        {
            var found = new List<IActorRef>();
            var asked = system.ActorSelection("/system/sharding/bucket/*/*");
            var collected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var collector = system.ActorOf(Props.Create(() => new Collector(found, collected)));
            asked.Tell(new Identify(null), collector);
            await collected.Task;
            foreach (var bucket in found.OrderBy(it => it.Path.Name, StringComparer.Ordinal).Where(_ => random.Next(20) == 0))
            {
                bucket.Tell(Kill.Instance);
                killed++;
            }
        }

        return killed;
    }

    /// <summary>Collects those who answer, until nobody has for a moment.</summary>
    private sealed class Collector : ReceiveActor
    {
        public Collector(List<IActorRef> found, TaskCompletionSource collected)
        {
            SetReceiveTimeout(TimeSpan.FromMilliseconds(100));
            Receive<ActorIdentity>(identity =>
            {
                if (identity.Subject is { } subject)
                    found.Add(subject);
            });
            Receive<ReceiveTimeout>(_ =>
            {
                collected.TrySetResult();
                Context.Stop(Self);
            });
        }
    }
}
