using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Microsoft.Extensions.Logging.Abstractions;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Storage;
using Pulse.Simulator.Broker;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Ingest;

/// <summary>A node's ingest side in virtual time, with a broker; the ingestors are probes.</summary>
public sealed class StreamIngestTests(KafkaFixture kafka)
    : TestKit(ClusterConfiguration)
{
    private const int Partitions = 3;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KeepReadingInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan OldStreamDelay = TimeSpan.FromMilliseconds(100);

    private readonly IngestStatistics _statistics = new();
    private TestStorage _storage = null!;
    private NodeStorage _node = null!;
    private EventTopic _topic = null!;
    private TestProbe _ingestors = null!;

    private static Akka.Configuration.Config ClusterConfiguration { get; } =
        Akka.Configuration.ConfigurationFactory.ParseString("""
            akka {
              loglevel = WARNING
              stdout-loglevel = OFF
              log-dead-letters = off
              log-dead-letters-during-shutdown = off
              actor.provider = cluster
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
              cluster.pub-sub.send-to-dead-letters-when-no-subscribers = off
              scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
            }
            """)
        .WithFallback(DistributedPubSub.DefaultConfig());

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _storage = await TestStorage.CreateAsync(StorageKind.Sqlite, null!);
        _node = await _storage.OpenPreparedAsync();
        _topic = await EventTopic.CreateAsync(kafka, Partitions);
        _ingestors = CreateTestProbe("ingestors");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _storage.DisposeAsync();
    }

    [Fact]
    public async Task Every_partition_s_ingestor_is_kept_alive_every_second()
    {
        await StartAsync();

        Clock.Advance(KeepReadingInterval);
        Assert.Equal([0, 1, 2], await KeptAliveAsync());
        Clock.Advance(KeepReadingInterval);
        Assert.Equal([0, 1, 2], await KeptAliveAsync());
    }

    [Fact]
    public async Task Before_the_broker_has_answered_there_is_nothing_to_lend()
    {
        var ingest = Start(_topic.Settings);

        ingest.Tell(new AcquirePartition(0), _ingestors);

        await _ingestors.ExpectMsgAsync<PartitionUnavailable>(Limit);
    }

    [Fact]
    public async Task An_ingestor_is_lent_its_partition_and_it_comes_back_when_the_ingestor_ends()
    {
        var ingest = await StartAsync();
        var reader = CreateTestProbe();

        var acquired = await AcquireAsync(ingest, reader, 1);

        Assert.Equal(1, acquired.Assigned.Partition.Partition);
        Sys.Stop(reader);
        await EndAsync(acquired);
    }

    [Fact]
    public async Task The_end_of_a_former_ingestor_takes_nothing_from_its_successor()
    {
        var ingest = await StartAsync();
        var former = CreateTestProbe();
        var current = CreateTestProbe();
        var ended = CreateTestProbe();
        await AcquireAsync(ingest, former, 1);
        var acquired = await AcquireAsync(ingest, current, 1);
        await ended.WatchAsync(former);
        Sys.Stop(former);
        await ended.ExpectTerminatedAsync(former, Limit);
        var other = CreateTestProbe();
        await AcquireAsync(ingest, other, 2);

        Assert.True(acquired.Assigned.Writer.TryWrite(new RecordBatch(0, 0)));
    }

    [Fact]
    public async Task When_the_coordinator_asks_for_checkpoints_its_ingestors_flush()
    {
        var ingest = await StartAsync();
        var (zero, one) = (CreateTestProbe(), CreateTestProbe());
        await AcquireAsync(ingest, zero, 0);
        await AcquireAsync(ingest, one, 1);

        DistributedPubSub.Get(Sys).Mediator.Tell(
            new Publish(StreamIngest.Topic, new CheckpointRequested(new CompletionId("stream", 0, 0))));

        await zero.ExpectMsgAsync<FlushNow>(Limit);
        await one.ExpectMsgAsync<FlushNow>(Limit);
    }

    [Fact]
    public async Task Who_asks_the_node_to_flush_asks_its_ingestors()
    {
        var ingest = await StartAsync();
        var reader = CreateTestProbe();
        await AcquireAsync(ingest, reader, 0);

        ingest.Tell(FlushNow.Instance);

        await reader.ExpectMsgAsync<FlushNow>(Limit);
    }

    [Fact]
    public async Task Ingestors_that_found_an_old_stream_have_the_broker_asked_once()
    {
        var ingest = await StartAsync();

        for (var reader = 0; reader < 20; reader++)
            ingest.Tell(AskIdentity.Instance);
        await ReachedAsync(ingest);
        Clock.Advance(OldStreamDelay);

        // Its answer wakes every ingestor.
        Assert.Equal([0, 1, 2], await KeptAliveAsync());
        Clock.Advance(OldStreamDelay);
        await ReachedAsync(ingest);
        Assert.False(_ingestors.HasMessages);
    }

    [Fact]
    public async Task When_the_topic_was_made_again_everything_starts_over_under_its_new_identity()
    {
        var ingest = await StartAsync();
        var reader = CreateTestProbe();
        var acquired = await AcquireAsync(ingest, reader, 0);

        ingest.Tell(new TopicDescription(_topic.Settings.Topic, "", null, [.. Enumerable.Repeat(true, Partitions)], "another stream"));

        await acquired.Reader.Completion.WaitAsync(Limit);
        await EndAsync(acquired);
        var unavailable = CreateTestProbe();
        await ReachedAsync(ingest);
        var again = await AdvanceUntilAcquiredAsync(ingest, unavailable);
        Assert.NotSame(acquired.Reader, again.Reader);
    }

    [Fact]
    public async Task After_a_failure_of_its_own_it_reads_on()
    {
        var ingest = await StartAsync();
        var reader = CreateTestProbe();
        var acquired = await AcquireAsync(ingest, reader, 0);

        ((IInternalActorRef)ingest).Restart(new InvalidOperationException("A bug."));

        await acquired.Reader.Completion.WaitAsync(Limit);
        var again = await AdvanceUntilAcquiredAsync(ingest, CreateTestProbe());
        Assert.NotSame(acquired.Reader, again.Reader);
        Clock.Advance(KeepReadingInterval);
        Assert.Equal([0, 1, 2], await KeptAliveAsync());
    }

    [Fact]
    public async Task A_node_that_leaves_hands_its_ingestors_over_and_wakes_no_more_of_them()
    {
        var ingest = await StartAsync();

        ingest.Tell(new StreamIngest.HandOver(_ingestors));

        await _ingestors.ExpectMsgAsync<GracefulShutdown>(Limit);
        Clock.Advance(KeepReadingInterval);
        ((IInternalActorRef)ingest).Restart(new InvalidOperationException("A bug."));
        await ReachedAsync(ingest);
        await _ingestors.ExpectMsgAsync<GracefulShutdown>(Limit);
        Clock.Advance(KeepReadingInterval);
        await ReachedAsync(ingest);
        Assert.False(_ingestors.HasMessages);
    }

    [Fact]
    public async Task A_broker_that_is_away_is_told_once_and_asked_again()
    {
        string address;
        using (var broker = EmbeddedBroker.Start())
            address = broker.BootstrapServers;
        var warnings = CreateTestProbe();
        Sys.EventStream.Subscribe(warnings, typeof(Akka.Event.Warning));
        var ingest = Start(_topic.Settings with
        {
            BootstrapServers = address,
            // The client's own patience, so that this spec need not have it.
            Client = ImmutableDictionary<string, string>.Empty.Add("socket.connection.setup.timeout.ms", "1000"),
        });

        var warning = await warnings.FishForMessageAsync<Akka.Event.Warning>(
            it => it.LogClass == typeof(StreamIngest), Limit);

        Assert.Contains($"Kafka at {address} does not answer", warning.ToString(), StringComparison.Ordinal);
        Assert.Contains("Trying again every 2 s.", warning.ToString(), StringComparison.Ordinal);
        ingest.Tell(new AcquirePartition(0), _ingestors);
        await _ingestors.ExpectMsgAsync<PartitionUnavailable>(Limit);
    }

    [Fact]
    public async Task A_group_that_may_not_be_told_any_more_is_a_warning_for_each_reason()
    {
        var warnings = CreateTestProbe();
        Sys.EventStream.Subscribe(warnings, typeof(Akka.Event.Warning));
        await StartAsync();

        _statistics.GroupRefuses = "Broker: Group authorization failed";
        Clock.Advance(KeepReadingInterval);

        var warning = await warnings.FishForMessageAsync<Akka.Event.Warning>(it => it.LogClass == typeof(StreamIngest), Limit);
        Assert.StartsWith(
            $"Offsets can't be committed to the consumer group '{_topic.Settings.GroupId}': Broker: Group authorization failed. ",
            warning.Message.ToString(),
            StringComparison.Ordinal);
        _statistics.GroupRefuses = "Broker: Topic authorization failed";
        Clock.Advance(KeepReadingInterval);
        warning = await warnings.FishForMessageAsync<Akka.Event.Warning>(it => it.LogClass == typeof(StreamIngest), Limit);
        Assert.Contains("Topic authorization failed", warning.Message.ToString(), StringComparison.Ordinal);
        _statistics.Committed();
        Assert.Null(_statistics.GroupRefuses);
    }

    [Fact]
    public async Task A_client_that_may_not_get_what_there_is_is_replaced_once_for_all_partitions()
    {
        var ingest = await StartAsync();
        var (one, other) = (CreateTestProbe(), CreateTestProbe());
        var acquired = await AcquireAsync(ingest, one, 1);
        await AcquireAsync(ingest, other, 2);

        Sys.EventStream.Publish(new ReadAnew(1));
        ingest.Tell(new ReadAnew(2));

        await EndAsync(acquired);
        await Eventually.HoldsAsync("a new client reads", Limit, async () =>
        {
            ingest.Tell(new AcquirePartition(1), one);
            return await one.ExpectMsgAsync<object>(Limit) is PartitionAcquired again && again.Reader != acquired.Reader;
        });
    }

    [Fact]
    public async Task What_an_ingestor_gives_back_ends_and_it_can_acquire_it_again()
    {
        var ingest = await StartAsync();
        var ingestor = CreateTestProbe();
        var acquired = await AcquireAsync(ingest, ingestor, 1);

        ingest.Tell(PartitionGivenBack.Instance, ingestor);

        await EndAsync(acquired);
        Assert.NotSame(acquired.Assigned, (await AcquireAsync(ingest, ingestor, 1)).Assigned);
    }

    private async Task EndAsync(PartitionAcquired acquired) =>
        await acquired.Assigned.News.RunWith(Sink.Ignore<PartitionNews>(), Sys.Materializer()).WaitAsync(Limit);

    private IActorRef Start(KafkaSettings settings)
    {
        var log = NullLogger<TopicReader>.Instance;
        var questions = new TopicQuestions(settings);
        var spans = new LogSpans(questions, settings.Topic);
        Sys.RegisterOnTermination(questions.Dispose);
        var streams = new StreamAdmission(settings, questions, _node, _statistics, NullLogger<StreamAdmission>.Instance);
        var ingest = Sys.ActorOf(
            Props.Create(() => new StreamIngest(settings, streams, spans, _statistics, log)));
        ingest.Tell(new StreamIngest.ReadWith(_ingestors));
        return ingest;
    }

    /// <summary>Starts it and waits until it knows the stream.</summary>
    private async Task<IActorRef> StartAsync()
    {
        var ingest = Start(_topic.Settings);
        Assert.Equal([0, 1, 2], await KeptAliveAsync());
        return ingest;
    }

    private async Task<List<int>> KeptAliveAsync()
    {
        var partitions = new List<int>();
        while (partitions.Count < Partitions)
            partitions.Add((await _ingestors.ExpectMsgAsync<KeepReading>(Limit)).Partition);
        return partitions;
    }

    private static async Task<PartitionAcquired> AcquireAsync(IActorRef ingest, TestProbe reader, int partition)
    {
        ingest.Tell(new AcquirePartition(partition), reader);
        return await reader.ExpectMsgAsync<PartitionAcquired>(Limit);
    }

    private async Task<PartitionAcquired> AdvanceUntilAcquiredAsync(IActorRef ingest, TestProbe reader)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            ingest.Tell(new AcquirePartition(0), reader);
            if (await reader.ReceiveOneAsync(Limit) is PartitionAcquired acquired)
            {
                while (_ingestors.HasMessages)
                    await _ingestors.ReceiveOneAsync(Limit);
                return acquired;
            }

            Clock.Advance(RetryDelay);
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }

    /// <summary>Everything sent to the actor so far has been handled.</summary>
    private async Task ReachedAsync(IActorRef actor)
    {
        var probe = CreateTestProbe();
        actor.Tell(new Identify(null), probe);
        await probe.ExpectMsgAsync<ActorIdentity>(Limit);
    }
}
