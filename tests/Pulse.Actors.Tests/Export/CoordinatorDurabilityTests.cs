using System.Globalization;
using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Cluster.Tools.Singleton;
using Akka.TestKit.Xunit;
using Confluent.Kafka;
using Pulse.Actors.Broker;
using Pulse.Actors.Coordination;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Export;

/// <summary>
/// The coordinator as it runs: a cluster singleton under its supervisor, its journal in a database file, its
/// completions from a broker, its words over real publish-subscribe.
/// </summary>
public sealed class CoordinatorDurabilityTests(KafkaFixture kafka, PostgresFixture postgres) : IAsyncLifetime
{
    private const string Stream = "stream";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly DateOnly NewYear = new(2026, 1, 1);

    private readonly string _group = "coordinator-" + Guid.NewGuid().ToString("N");
    private readonly RecordingWarehouse _warehouse = new();
    private TestStorage _storage = null!;
    private NodeStorage _node = null!;

    public async ValueTask InitializeAsync()
    {
        _storage = await TestStorage.CreateAsync(StorageKind.Sqlite, postgres);
        _node = await _storage.OpenPreparedAsync();
    }

    public ValueTask DisposeAsync() => _storage.DisposeAsync();

    [Fact]
    public async Task A_node_that_dies_in_mid_export_is_followed_by_one_that_exports_only_what_is_left()
    {
        var events = await kafka.CreateTopicAsync("events", 2);
        var completions = await kafka.CreateTopicAsync("completions", 1);
        using var progress = new StreamProgress(new ClientConfig { BootstrapServers = kafka.BootstrapServers });
        await ProduceAsync(events, 1, "an event");
        await ProduceAsync(completions, 0, """{"status":"complete","timestamp":"2026-01-02T03:04:05Z"}""");
        var passes = 2;
        _warehouse.Before = (_, token) =>
            Interlocked.Decrement(ref passes) >= 0 ? Task.CompletedTask : Task.Delay(Timeout.Infinite, token);

        using (var first = new TestKit(PersistentSystem.Start(_node, Settings(leavesProperly: false))))
        {
            var told = await StartNodeAsync(first, events, completions, progress);
            await told.FishForMessageAsync<ExportProgress>(it => it.EventsToDrain == 1, Limit);
            Assert.Empty(_warehouse.Replacements);
            await new BucketWriter(_node, RollupCatalog.Default).MoveAsync(new StreamPartition(Stream, 1), 1);
            await told.FishForMessageAsync<ExportProgress>(it => it.DatesExported == 2, Limit);
            await first.AwaitConditionAsync(() => Task.FromResult(_warehouse.Replacements.Count == 3), Limit);
            await AbandonAsync(first);
            // Accepted, drained, planned, and of two dates that their load began and that it ended.
            Assert.Equal(7, await StoredEventsAsync());
        }

        var done = _warehouse.Tables.Keys.ToHashSet();
        _warehouse.Replacements.Clear();
        _warehouse.Before = (_, _) => Task.CompletedTask;

        using (var second = new TestKit(PersistentSystem.Start(_node, Settings(leavesProperly: true))))
        {
            var told = await StartNodeAsync(second, events, completions, progress);
            var finished = (ExportFinished)await told.FishForMessageAsync(it => it is ExportFinished, Limit);

            Assert.Equal(3, finished.Outcome.Rollups.Length);
            Assert.Single(_warehouse.Replacements);
            Assert.Empty(_warehouse.Replacements.Intersect(done));
            // The last event may stay, as the bearer of the sequence number.
            await second.AwaitConditionAsync(async () => await StoredEventsAsync() <= 1, Limit);
            await second.Sys.Terminate();
        }

        using (var third = new TestKit(PersistentSystem.Start(_node, Settings(leavesProperly: true))))
        {
            var proxy = await StartProxyAsync(third, events, completions, progress);
            var state = await proxy.Ask<ExportState>(GetExportState.Instance, Limit);

            Assert.Null(state.Progress);
            Assert.True(state.LastOutcome!.Succeeded);
            await third.Sys.Terminate();
        }
    }

    private static Akka.Configuration.Config Settings(bool leavesProperly) => ExportMessageSerializer.Configuration
        .WithFallback($$"""
            akka {
              loglevel = WARNING
              actor.provider = cluster
              cluster.pub-sub.send-to-dead-letters-when-no-subscribers = off
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
              coordinated-shutdown.run-by-actor-system-terminate = {{(leavesProperly ? "on" : "off")}}
            }
            """)
        .WithFallback(DistributedPubSub.DefaultConfig())
        .WithFallback(ClusterSingleton.DefaultConfig());

    private async Task<Akka.TestKit.TestProbe> StartNodeAsync(
        TestKit kit, string events, string completions, StreamProgress progress)
    {
        var told = kit.CreateTestProbe();
        DistributedPubSub.Get(kit.Sys).Mediator.Tell(new Subscribe(Coordinator.ExportsTopic, told), told);
        await told.ExpectMsgAsync<SubscribeAck>(Limit);
        await StartProxyAsync(kit, events, completions, progress);
        return told;
    }

    private async Task<IActorRef> StartProxyAsync(
        TestKit kit, string events, string completions, StreamProgress progress)
    {
        var settings = new KafkaSettings(kafka.BootstrapServers) { Topic = events, CompletionTopic = completions, GroupId = _group };
        var questions = new TopicQuestions(settings);
        kit.Sys.RegisterOnTermination(questions.Dispose);
        var cluster = Akka.Cluster.Cluster.Get(kit.Sys);
        await cluster.JoinAsync(cluster.SelfAddress).WaitAsync(Limit);
        var props = Coordinator.SupervisedProps(
            new ExportCollaborators
            {
                StreamIdentity = _ => Task.FromResult(Stream),
                ReadEnds = token => progress.EndOffsetsAsync(events, token),
                ReadStored = new ExportSource(_node, RollupCatalog.Default).ReadStoredAsync,
                Catalog = RollupCatalog.Default,
                ReadDates = (_, _) => Task.FromResult<IReadOnlyList<RollupDate>>(
                    [.. RollupCatalog.Default.Rollups.Select(rollup => new RollupDate(rollup.Name, NewYear))]),
                ReadRows = (_, rollup, date, _) => RowAsync(rollup, date),
                Warehouse = _warehouse,
                Mediator = DistributedPubSub.Get(kit.Sys).Mediator,
                Listener = CompletionListener.Props(settings, questions),
            },
            new ExportOptions { ParallelDates = 1 });
        var singleton = ClusterSingletonManagerSettings.Create(kit.Sys).WithSingletonName("coordinator");
        kit.Sys.ActorOf(ClusterSingletonManager.Props(props, StopCoordinator.Instance, singleton), "singleton");
        return kit.Sys.ActorOf(ClusterSingletonProxy.Props(
            "/user/singleton", ClusterSingletonProxySettings.Create(kit.Sys).WithSingletonName("coordinator")));
    }

    private static async IAsyncEnumerable<KeyCount> RowAsync(Rollup rollup, DateOnly date)
    {
        await Task.Yield();
        var end = date.ToDateTime(new TimeOnly(0, 5), DateTimeKind.Utc);
        yield return new KeyCount(new RollupKey(rollup.Name, "one"), Window.EndingAt(end), 1);
    }

    /// <summary>The nearest to a killed process: nothing is told to stop, actors just end.</summary>
    private static async Task AbandonAsync(TestKit kit)
    {
        var watcher = kit.CreateTestProbe();
        var singleton = await kit.Sys.ActorSelection("/user/singleton").ResolveOne(Limit);
        await watcher.WatchAsync(singleton);
        singleton.Tell(Kill.Instance);
        await watcher.ExpectTerminatedAsync(singleton, Limit);
        await kit.Sys.Terminate();
    }

    private async Task<long> StoredEventsAsync() => long.Parse(
        Assert.Single(await _storage.QueryAsync(
            $"select count(*) from {PersistenceConfiguration.JournalTable} "
            + $"where persistence_id = '{Coordinator.StoredAs}' and not deleted")),
        CultureInfo.InvariantCulture);

    private async Task ProduceAsync(string topic, int partition, string value)
    {
        using var producer = new ProducerBuilder<Null, string>(
            new ProducerConfig { BootstrapServers = kafka.BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        await producer.ProduceAsync(
            new TopicPartition(topic, partition), new Message<Null, string> { Value = value });
    }
}
