using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Hosting;
using Pulse.Actors.Coordination;
using Pulse.Actors.Hosting;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Events;
using Pulse.Actors.Tests.Export;
using Pulse.Actors.Tests.Hosting;
using Pulse.Actors.Tests.Ingest;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Simulator;
using Pulse.Simulator.Producing;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Live;

/// <summary>What the dashboards of several nodes show of one stream.</summary>
public sealed class LiveFeedTests(KafkaFixture kafka, PostgresFixture postgres) : IAsyncLifetime
{
    private const int Partitions = 4;
    private const int Events = 10_000;
    private static readonly TimeSpan NeverDuringATest = TimeSpan.FromHours(4);
    private static readonly TimeSpan CommitLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan RightAfterJoining = TimeSpan.FromSeconds(2);

    private readonly List<PulseNode> _nodes = [];
    private TestStorage _storage = null!;
    private PulseSettings _settings = null!;

    public async ValueTask InitializeAsync()
    {
        _storage = await TestStorage.CreateAsync(StorageKind.Postgres, postgres);
        var stream = await kafka.CreateStreamAsync(Partitions);
        _settings = new PulseSettings(stream, _storage.Options, RollupCatalog.Default);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.AsEnumerable().Reverse())
            await node.DisposeAsync();
        await _storage.DisposeAsync();
    }

    [Fact]
    public async Task A_node_that_missed_what_another_told_last_soon_shows_it()
    {
        // Nothing is stored meanwhile, so only the buckets themselves can say what was missed.
        _settings = _settings with { CheckpointInterval = NeverDuringATest };
        var first = await JoinAsync();
        var deaf = await JoinAsync();
        await Until.TrueAsync(() => ReadsEverything(first, deaf));
        await ProduceAsync(Events, seed: 3);
        await Until.TrueAsync(() => Total(first) == Events && Total(deaf) == Events);

        var feed = ActorRegistry.For(deaf.System).Get<LiveFeed>();
        var mediator = DistributedPubSub.Get(deaf.System).Mediator;
        await mediator.Ask<UnsubscribeAck>(new Unsubscribe(LiveFeed.Topic, feed));
        await ProduceAsync(Events, seed: 4);
        await Until.TrueAsync(() => Total(first) == 2 * Events);
        Assert.True(Total(deaf) < 2 * Events, "It was not deaf.");

        await mediator.Ask<SubscribeAck>(new Subscribe(LiveFeed.Topic, feed));
        await Until.TrueAsync(() => Total(deaf) == 2 * Events);
        AssertSame(await CellsAsync(first), await CellsAsync(deaf));
    }

    [Fact]
    public async Task A_node_that_joins_is_right_within_two_seconds_though_nothing_is_stored_or_moves()
    {
        _settings = _settings with { CheckpointInterval = NeverDuringATest };
        var first = await JoinAsync();
        await Until.TrueAsync(() => ReadsEverything(first));
        await ProduceAsync(Events, seed: 5);
        await Until.TrueAsync(() => Total(first) == Events);

        // The machine may be busy: that one of them was in time shows that nothing but that was in the way.
        var took = new List<TimeSpan> { await JoinAndCatchUpAsync(), await JoinAndCatchUpAsync() };

        Assert.True(took.Min() < RightAfterJoining, $"It took {string.Join(" and ", took)}.");
        Assert.All(_nodes, node => Assert.Equal(Events, Total(node)));
        AssertSame(await CellsAsync(first), await CellsAsync(_nodes[^1]));
    }

    [Fact]
    public async Task What_comes_with_30_000_new_keys_of_240_bytes_is_counted_and_shown_by_both_nodes()
    {
        // Nothing is stored meanwhile: what one node shows of the other's buckets, it was told.
        _settings = _settings with { CheckpointInterval = NeverDuringATest };
        var first = await JoinAsync();
        var second = await JoinAsync();
        await Until.TrueAsync(() => ReadsEverything(first, second));

        var restarts = first.Ingest.SessionRestarts + second.Ingest.SessionRestarts;

        await EventTopic.At(_settings.Kafka).ProduceAsync(0, Enumerable.Range(0, 3 * Events).Select(number =>
            new SampleEvent().WithText("Genre", $"{number} ".PadRight(240, 'g')).ToBytes()));

        await Until.TrueAsync(() => Total(first) == 3 * Events && Total(second) == 3 * Events);
        Assert.Equal((0, 0), (first.Get<UndeliveredMessages>().Count, second.Get<UndeliveredMessages>().Count));
        // Shards may move once more.
        Assert.InRange(first.Ingest.SessionRestarts + second.Ingest.SessionRestarts - restarts, 0, Partitions);
    }

    [Fact]
    public async Task No_count_goes_back_while_nodes_come_and_go_and_in_the_end_each_is_what_the_table_says()
    {
        _settings = _settings with { CheckpointInterval = TimeSpan.FromSeconds(1) };
        var first = await JoinAsync();
        var second = await JoinAsync();
        await Until.TrueAsync(() => ReadsEverything(first, second));
        using var end = new CancellationTokenSource();
        var watched = Task.WhenAll(WatchAsync(first, end.Token), WatchAsync(second, end.Token));

        using var enough = new CancellationTokenSource();
        var produced = ProduceAsync(null, seed: 6, rate: 4_000, enough.Token);
        var third = await JoinAsync();
        await Until.TrueAsync(() => third.Ingest.Consumed > 0);
        await third.DisposeAsync();
        _nodes.Remove(third);
        await enough.CancelAsync();
        var result = await produced;
        Assert.Null(result.Failure);

        await UntilCommittedAsync(result.Delivered);
        await Until.TrueAsync(() => Total(first) == result.Delivered && Total(second) == result.Delivered);
        await end.CancelAsync();
        Assert.True(await watched is [> 10, > 10], "Hardly anything was watched.");
        foreach (var rollup in _settings.Catalog.Rollups)
        {
            var truth = Rows.Of(result.Truth, rollup.Name);
            Assert.Equal(truth, await Rows.StoredAsync(first.Store, _settings.Catalog, rollup.Name));
            foreach (var node in _nodes)
                Assert.Equal(truth, Rows.Of(await AnswerAsync(node, rollup)));
        }
    }

    private async Task UntilCommittedAsync(long events)
    {
        using var progress = new StreamProgress(new(_settings.Kafka.ClientProperties()));
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var committed = await progress.CommittedOffsetsAsync(_settings.Kafka.GroupId, _settings.Kafka.Topic, CancellationToken.None);
            if (committed.Values.Sum() == events)
                return;
            Assert.True(
                waited.Elapsed < CommitLimit,
                $"Committed {string.Join(", ", committed)}; the nodes read {string.Join(" and ", _nodes.Select(Reads))}.");
            await Task.Delay(100);
        }

        static string Reads(PulseNode node) => string.Join(
            ", ", node.Ingest.Partitions.Select(partition => $"{partition.Partition}: {partition.Position}"));
    }

    private async Task<PulseNode> JoinAsync()
    {
        var cluster = _nodes.Count == 0 ? _settings.Cluster : _settings.Cluster with { SeedNodes = [_nodes[0].Address] };
        var node = await PulseNode.StartAsync(_settings with { Cluster = cluster }, new RecordingWarehouse());
        _nodes.Add(node);
        return node;
    }

    private async Task<TimeSpan> JoinAndCatchUpAsync()
    {
        var node = await JoinAsync();
        await Until.TrueAsync(() => Cluster.Get(node.System).SelfMember.Status == MemberStatus.Up);
        var watch = Stopwatch.StartNew();
        await Until.TrueAsync(() => Total(node) == Events);
        return watch.Elapsed;
    }

    /// <summary>Looks at a node's numbers over and over; fails if one went back.</summary>
    /// <returns>How often something had changed.</returns>
    private async Task<int> WatchAsync(PulseNode node, CancellationToken end)
    {
        var changes = 0;
        var before = ImmutableDictionary<(string, RollupKey, Window), long>.Empty;
        while (!end.IsCancellationRequested)
        {
            var change = node.Model.NextChange;
            var now = await CellsAsync(node);
            foreach (var (cell, count) in before)
                Assert.True(now.GetValueOrDefault(cell) >= count, $"{cell} went from {count} to {now.GetValueOrDefault(cell)}.");
            before = now;
            changes++;
            await Task.WhenAny(change, Task.Delay(Timeout.Infinite, end));
        }

        return changes;
    }

    private async Task<ImmutableDictionary<(string, RollupKey, Window), long>> CellsAsync(PulseNode node)
    {
        var cells = ImmutableDictionary.CreateBuilder<(string, RollupKey, Window), long>();
        foreach (var rollup in _settings.Catalog.Rollups)
        {
            foreach (var cell in (await AnswerAsync(node, rollup)).Cells)
                cells.Add((rollup.Name, cell.Key, cell.Window), cell.Count);
        }

        return cells.ToImmutable();
    }

    private static void AssertSame(
        ImmutableDictionary<(string, RollupKey, Window), long> expected, ImmutableDictionary<(string, RollupKey, Window), long> actual)
    {
        Assert.NotEmpty(expected);
        Assert.Empty(expected.Except(actual));
        Assert.Empty(actual.Except(expected));
    }

    private static Task<RollupAnswer> AnswerAsync(PulseNode node, Rollup rollup) =>
        node.Reader.AnswerAsync(new RollupQuery(rollup) { IsPerWindow = true }, CancellationToken.None);

    /// <summary>What the node shows of the rollup that it shows least of.</summary>
    private long Total(PulseNode node) => _settings.Catalog.Rollups.Min(rollup =>
        node.Model.Find(rollup.Name) is { CompleteFrom: not null } counts ? counts.Totals().Sum(window => window.Count) : 0);

    private static bool ReadsEverything(params PulseNode[] nodes) =>
        nodes.All(node => node.Ingest.Partitions.Count > 0) && nodes.Sum(node => node.Ingest.Partitions.Count) == Partitions;

    /// <param name="events">How many; null: until it is stopped.</param>
    /// <param name="seed">Of the events.</param>
    /// <param name="rate">Events a second; 0: as fast as possible.</param>
    /// <param name="stop">Ends it.</param>
    private Task<SimulatorResult> ProduceAsync(
        long? events, int seed, double rate = 0, CancellationToken stop = default) => new SimulatorRun(new SimulatorOptions
    {
        BootstrapServers = kafka.BootstrapServers,
        Topic = _settings.Kafka.Topic,
        CompletionTopic = _settings.Kafka.CompletionTopic,
        Events = events,
        Duration = events is null ? TimeSpan.FromMinutes(10) : null,
        Rate = rate,
        Seed = seed,
        SpeedUp = 100,
        Complete = false,
    }).RunAsync(stop);
}
