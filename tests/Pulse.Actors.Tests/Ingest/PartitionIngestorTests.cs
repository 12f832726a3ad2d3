using System.Collections.Immutable;
using System.Text;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Microsoft.Extensions.Logging.Abstractions;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Events;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Ingest;

/// <summary>
/// The ingestor in virtual time. Its node and its buckets are probes, its batches are the spec's; commits, rewinds and
/// dead letters go to a broker.
/// </summary>
public sealed class PartitionIngestorTests(KafkaFixture kafka)
    : TestKit("""
        akka.loglevel = OFF
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
        """)
{
    private const int Rollups = 3;
    private const long EventsInTopic = 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RepeatInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AcquireTimeout = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(6);

    // Where no delta of the session leads on from.
    private const long FarAhead = 1_000_000;
    private static readonly TimeSpan FirstRestartDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRestartDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly StreamPartition Partition = new(EventTopic.Stream, 0);

    private readonly IngestStatistics _statistics = new();
    private readonly StorageAvailability _storage = new();
    private readonly Queue<IPartitionRequest> _requests = [];
    private EventTopic _topic = null!;
    private KafkaConsumer _consumer = null!;
    private DeadLetterProducer _deadLetters = null!;
    private AssignedPartition _assigned = null!;
    private TestProbe _node = null!;
    private TestProbe _buckets = null!;

    private bool HasRequests => _requests.Count > 0 || _buckets.HasMessages;

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _topic = await EventTopic.CreateAsync(kafka, 1);
        await _topic.ProduceAsync(0, Enumerable.Range(0, (int)EventsInTopic).Select(_ => new SampleEvent().ToBytes()));
        _consumer = KafkaConsumer.Start(_topic.Settings, EventTopic.Stream, _statistics, NullLogger.Instance);
        await _consumer.AssignAsync(0);
        _deadLetters = new DeadLetterProducer(_topic.Settings, NullLogger.Instance);
        _node = CreateTestProbe("node");
        _buckets = CreateTestProbe("buckets");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _consumer.StopAsync();
        _deadLetters.Dispose();
    }

    [Fact]
    public async Task Events_are_opened_counted_stored_and_committed()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        var opens = await OpenAsync(ingestor, position: 0);
        Assert.All(opens, open => Assert.Equal((Partition, 0L), (open.Partition, open.Committed)));
        Assert.Equal(Rollups, opens.Select(open => open.Bucket.Rollup).Distinct().Count());

        Clock.Advance(FlushInterval);
        var deltas = await TakeAsync<ApplyDelta>(Rollups);
        Assert.All(deltas, it => Assert.Equal((0L, 5L, 5L), (it.Delta.From, it.Delta.To, it.Delta.Counts.Sum(c => c.Count))));
        Accept(ingestor, deltas);

        ingestor.Tell(new CommitNow());
        var persists = await TakeAsync<PersistPartition>(Rollups);
        Assert.All(persists, persist => Assert.Equal(5, persist.UpTo));
        Confirm(ingestor, persists.Take(Rollups - 1));
        await ReachedAsync(ingestor);
        Assert.Null(_topic.Committed(0));
        Confirm(ingestor, persists.TakeLast(1));

        await CommittedAsync(5);
        Assert.Equal(5, _statistics.Consumed);
        Assert.Equal((5L, 5L), (_statistics.Partitions[0].Position, _statistics.Partitions[0].Committed));
    }

    [Fact]
    public async Task What_a_bucket_holds_already_is_not_sent_but_must_be_durable_before_the_commit()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(4));
        await OpenAsync(ingestor, position: 3);
        Clock.Advance(FlushInterval);
        Assert.All(await TakeAsync<ApplyDelta>(Rollups), it =>
            Assert.Equal((3L, 4L, 1L), (it.Delta.From, it.Delta.To, it.Delta.Counts.Sum(count => count.Count))));
        await RejectAsync(ingestor);

        await RewindAsync(ingestor, FirstRestartDelay);
        Feed(1, 0, Events(4));
        await OpenAsync(ingestor, position: 9);
        ingestor.Tell(new CommitNow());

        Assert.All(await TakeAsync<PersistPartition>(Rollups), persist => Assert.Equal(4, persist.UpTo));
    }

    [Fact]
    public async Task A_bucket_that_stored_less_than_was_asked_holds_the_commit_back()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await OpenAsync(ingestor, position: 0);
        ingestor.Tell(new CommitNow());
        Accept(ingestor, await TakeAsync<ApplyDelta>(Rollups));
        var persists = await TakeAsync<PersistPartition>(Rollups);
        Confirm(ingestor, persists.Select(persist => persist with { UpTo = 4 }));
        await ReachedAsync(ingestor);
        Assert.Null(_topic.Committed(0));

        Confirm(ingestor, persists);

        await CommittedAsync(5);
    }

    [Fact]
    public async Task While_nothing_was_acquired_it_waits_and_ends_when_the_broker_is_away()
    {
        var ingestor = Start();
        await _node.ExpectMsgAsync(new AcquirePartition(0), Limit);
        ingestor.Tell(new CommitNow());
        ingestor.Tell(new KeepReading(0));
        await ReachedAsync(ingestor);

        _node.Reply(new PartitionUnavailable());

        await ExpectTerminatedAsync(ingestor, Limit);
    }

    [Fact]
    public async Task Without_an_answer_from_its_node_it_ends_after_a_while()
    {
        var ingestor = Start();
        await _node.ExpectMsgAsync<AcquirePartition>(Limit);
        Clock.Advance(AcquireTimeout - Moment);
        ingestor.Tell(new KeepReading(0));
        await ReachedAsync(ingestor);

        Clock.Advance(Moment);

        await ExpectTerminatedAsync(ingestor, Limit);
    }

    [Fact]
    public async Task A_hand_off_before_anything_was_acquired_ends_it()
    {
        var ingestor = Start();

        ingestor.Tell(StopReading.Instance);

        await ExpectTerminatedAsync(ingestor, Limit);
    }

    [Fact]
    public async Task A_rejection_starts_a_new_session_at_the_committed_offset_and_the_old_one_s_answers_are_nothing()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        var opens = await OpenAsync(ingestor, position: 0);
        Clock.Advance(FlushInterval);
        var deltas = await TakeAsync<ApplyDelta>(Rollups);
        Reject(ingestor, opens[0]);
        await ReachedAsync(ingestor);
        Feed(0, 5, Events(2));

        await RewindAsync(ingestor, FirstRestartDelay);
        Feed(1, 0, Events(6));
        var again = await TakeAsync<OpenPartition>(Rollups);

        Assert.NotEqual(opens[0].Session, again[0].Session);
        Assert.All(again, open => Assert.Equal(0, open.Committed));
        foreach (var old in opens)
        {
            Answer(ingestor, new PartitionOpened(old.Bucket, Partition, 100, old.Session));
            Answer(ingestor, new PartitionPersisted(old.Bucket, Partition, 100, old.Session));
            Reject(ingestor, old);
        }

        Accept(ingestor, deltas);
        foreach (var open in again)
            Answer(ingestor, new PartitionOpened(open.Bucket, Partition, 0, open.Session));
        await ReachedAsync(ingestor);
        Clock.Advance(FlushInterval);
        Assert.All(await TakeAsync<ApplyDelta>(Rollups), it => Assert.Equal((0L, 6L), (it.Delta.From, it.Delta.To)));
        Assert.Equal(1, _statistics.SessionRestarts);
    }

    [Fact]
    public async Task The_first_batch_after_a_rewind_counts_even_when_it_is_here_before_the_word_of_the_rewind()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await OpenAsync(ingestor, position: 0);
        await RejectAsync(ingestor);

        ingestor.Tell(Batch(1, 0, Events(7)));
        await ReachedAsync(ingestor);
        await RewindAsync(ingestor, FirstRestartDelay);
        await OpenAsync(ingestor, position: 0);
        Clock.Advance(FlushInterval);

        Assert.All(await TakeAsync<ApplyDelta>(Rollups), it =>
            Assert.Equal((0L, 7L, 7L), (it.Delta.From, it.Delta.To, it.Delta.Counts.Sum(count => count.Count))));
    }

    [Fact]
    public async Task A_batch_that_does_not_follow_the_one_before_it_is_not_counted_and_ends_the_session()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await Until.TrueAsync(() => _statistics.Consumed == 5);

        Feed(0, 6, Events(1));

        await Until.TrueAsync(() => _statistics.SessionRestarts == 1);
        Assert.Equal(5, _statistics.Consumed);
    }

    [Fact]
    public async Task A_delta_that_was_lost_is_sent_again_and_the_session_goes_on()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await OpenAsync(ingestor, position: 0);
        Clock.Advance(FlushInterval);
        var lost = (await TakeAsync<ApplyDelta>(Rollups))[0];

        Answer(ingestor, new PartitionRejected(lost.Bucket, Partition, -1, lost.Session));

        Assert.Equal(lost.Bucket, Assert.Single(await TakeAsync<OpenPartition>(1)).Bucket);
        Assert.Equal(lost, Assert.Single(await TakeAsync<ApplyDelta>(1)));
        Assert.Equal(0, _statistics.SessionRestarts);
    }

    [Fact]
    public async Task Sessions_that_keep_failing_wait_longer_and_longer_until_one_commits()
    {
        var ingestor = await StartAsync();
        var epoch = 0;
        Feed(epoch, 0, Events(1));
        foreach (var delay in new[] { 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000 })
        {
            Reject(ingestor, (await TakeAsync<OpenPartition>(Rollups))[0]);
            epoch = await ExpectRewindAfterAsync(ingestor, TimeSpan.FromMilliseconds(delay));
            Feed(epoch, 0, Events(1));
        }

        await OpenAsync(ingestor, position: 0);
        await CommitAsync(ingestor);
        await CommittedAsync(1);
        Feed(epoch, 1, Events(1));
        await Until.TrueAsync(() => _statistics.Partitions[0].Position == 2);
        ingestor.Tell(new CommitNow());
        await TakeAsync<ApplyDelta>(Rollups);
        var persists = await TakeAsync<PersistPartition>(Rollups);
        Answer(ingestor, new PartitionRejected(persists[0].Bucket, Partition, FarAhead, persists[0].Session));

        await ExpectRewindAfterAsync(ingestor, FirstRestartDelay);
    }

    [Fact]
    public async Task A_session_that_nobody_answers_starts_over()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await OpenAsync(ingestor, position: 0);
        Clock.Advance(FlushInterval);
        var deltas = await TakeAsync<ApplyDelta>(Rollups);
        await AdvanceAsync(ingestor, RepeatInterval, times: 4);
        Accept(ingestor, deltas.Take(1));
        await AdvanceAsync(ingestor, RepeatInterval, times: 4);
        Assert.Equal(0, _statistics.SessionRestarts);

        await AdvanceAsync(ingestor, RepeatInterval, times: 1);

        Assert.Equal(1, _statistics.SessionRestarts);
    }

    [Fact]
    public async Task Questions_without_an_answer_are_asked_again()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        var opens = await TakeAsync<OpenPartition>(Rollups);
        await AdvanceAsync(ingestor, RepeatInterval, times: 1);
        Assert.Equal(opens.ToHashSet(), (await TakeAsync<OpenPartition>(Rollups)).ToHashSet());
        foreach (var open in opens)
            Answer(ingestor, new PartitionOpened(open.Bucket, Partition, 0, open.Session));
        ingestor.Tell(new CommitNow());
        Accept(ingestor, await TakeAsync<ApplyDelta>(Rollups));
        var persists = await TakeAsync<PersistPartition>(Rollups);
        Confirm(ingestor, persists.Take(1));

        await AdvanceAsync(ingestor, RepeatInterval, times: 1);

        Assert.Equal(persists.Skip(1).ToHashSet(), (await TakeAsync<PersistPartition>(Rollups - 1)).ToHashSet());
    }

    [Fact]
    public async Task A_commit_that_was_asked_for_while_buckets_open_begins_when_they_are_open()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await Until.TrueAsync(() => _statistics.Consumed == 5);
        ingestor.Tell(new CommitNow());
        await ReachedAsync(ingestor);

        await OpenAsync(ingestor, position: 0);

        var deltas = 0;
        while (_topic.Committed(0) != 5)
        {
            switch (await NextRequestAsync(TimeSpan.FromSeconds(1)))
            {
                case ApplyDelta delta:
                    deltas++;
                    Accept(ingestor, [delta]);
                    break;
                case PersistPartition persist:
                    Confirm(ingestor, [persist]);
                    break;
            }
        }

        Assert.Equal(Rollups, deltas);
    }

    [Fact]
    public async Task A_commit_that_a_zombie_took_back_is_made_again_on_demand()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await OpenAsync(ingestor, position: 0);
        await CommitAsync(ingestor);
        await CommittedAsync(5);
        _topic.Commit(0, 2);

        ingestor.Tell(new CommitNow(Again: true));

        await CommittedAsync(5);
        await ReachedAsync(ingestor);
        Assert.False(HasRequests);
        Assert.Equal(0, _statistics.SessionRestarts);
    }

    [Fact]
    public async Task Asked_to_commit_again_before_anything_was_committed_it_commits_nothing()
    {
        var ingestor = await StartAsync();
        ingestor.Tell(new CommitNow(Again: true));
        await ReachedAsync(ingestor);
        Feed(0, 0, Events(1));
        await OpenAsync(ingestor, position: 0);
        Assert.Null(_topic.Committed(0));
    }

    [Fact]
    public async Task Bad_records_are_counted_and_in_the_dead_letter_topic_before_their_offset_is_committed()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(1), [new SampleEvent().Without("Genre")]);
        await OpenAsync(ingestor, position: 0, buckets: Rollups + 1);
        await CommitAsync(ingestor, buckets: Rollups + 1);

        await CommittedAsync(2);

        var letter = Assert.Single(_topic.DeadLetters());
        Assert.Equal("MissingField Genre", Header(letter, DeadLetter.ReasonHeader));
        Assert.Equal("1", Header(letter, DeadLetter.SourceOffsetHeader));
        Assert.Equal(new SampleEvent().Without("Genre").ToBytes(), letter.Value);
        Assert.Equal((2L, 1L), (_statistics.Consumed, _statistics.DeadLettered));
    }

    [Fact]
    public async Task An_offset_is_not_committed_while_a_dead_letter_below_it_can_t_be_delivered()
    {
        _deadLetters.Dispose();
        _deadLetters = new DeadLetterProducer(
            _topic.Settings with
            {
                BootstrapServers = "127.0.0.1:1",
                Client = ImmutableDictionary<string, string>.Empty
                    .Add("message.timeout.ms", "1500").Add("request.timeout.ms", "1000"),
            },
            NullLogger.Instance);
        var ingestor = await StartAsync();
        Feed(0, 0, [new SampleEvent().Without("Genre")]);
        await OpenAsync(ingestor, position: 0, buckets: 1);
        await CommitAsync(ingestor, buckets: 1);

        await Until.TrueAsync(() => _statistics.SessionRestarts == 1);

        Assert.Null(_topic.Committed(0));
    }

    [Fact]
    public async Task A_bad_record_too_large_for_the_dead_letter_topic_does_not_block_its_partition()
    {
        _deadLetters.Dispose();
        _deadLetters = new DeadLetterProducer(
            _topic.Settings with
            {
                Client = ImmutableDictionary<string, string>.Empty.Add("message.max.bytes", "2000"),
            },
            NullLogger.Instance);
        var ingestor = await StartAsync();
        Feed(0, 0, [new SampleEvent().Without("Genre").WithText("UserName", new string('x', 5_000))]);
        await OpenAsync(ingestor, position: 0, buckets: 1);
        await CommitAsync(ingestor, buckets: 1);

        await CommittedAsync(1);

        var letter = Assert.Single(_topic.DeadLetters());
        Assert.Null(letter.Value);
        Assert.Equal("MissingField Genre", Header(letter, DeadLetter.ReasonHeader));
        Assert.Equal("0", Header(letter, DeadLetter.SourceOffsetHeader));
        Assert.Contains("larger", Header(letter, DeadLetter.OmittedHeader), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_batch_is_asked_for_while_too_many_events_wait_for_their_buckets()
    {
        const int perBatch = 2_000;
        var declarations = Dimension.All.Select(it => new RollupDeclaration { Name = $"by_{it.Name}", Dimensions = [it.Name] }).ToList();
        Assert.Empty(RollupCatalog.TryCreate(declarations, out var catalog));
        var rollups = catalog.Rollups.Length;
        var enough = (200_000 / (perBatch * rollups)) + 1;
        var ingestor = await StartAsync(catalog);
        for (var batch = 0; batch < enough + 2; batch++)
            await _assigned.Writer.WriteAsync(Batch(0, batch * perBatch, Events(perBatch)));

        await Until.TrueAsync(() => _statistics.Consumed >= enough * perBatch);
        for (var round = 0; round < 100; round++)
            await ReachedAsync(ingestor);
        Assert.Equal(enough * perBatch, _statistics.Consumed);

        await OpenAsync(ingestor, position: 0, buckets: rollups);
        await Until.TrueAsync(() => _statistics.Consumed == (enough + 2) * perBatch);
    }

    [Fact]
    public async Task No_batch_is_asked_for_while_too_many_deltas_are_unanswered()
    {
        const int genres = 100;
        Assert.Empty(RollupCatalog.TryCreate([new() { Name = "byGenre", Dimensions = ["genre"], Buckets = 4_096 }], out var catalog));
        var keys = Genres().Select((_, genre) => $"genre {genre}").ToList();
        var buckets = 2 + keys.Select(genre => BucketId.Owning(catalog.Rollups[0], new RollupKey("Smart TV", genre))).Distinct().Count()
            + keys.Select(genre => BucketId.Owning(catalog.Rollups[3], new RollupKey(genre))).Distinct().Count();
        var rounds = (4_096 / buckets) + 1;
        var ingestor = await StartAsync(catalog);
        Feed(0, 0, Genres());
        await OpenAsync(ingestor, position: 0, buckets);
        for (var round = 1; round <= rounds; round++)
        {
            Clock.Advance(FlushInterval);
            await ReachedAsync(ingestor);
            Feed(0, round * genres, Genres());
            await Until.TrueAsync(() => _statistics.Consumed == (round + 1) * genres);
        }

        Feed(0, (rounds + 1) * genres, Genres());
        for (var round = 0; round < 100; round++)
            await ReachedAsync(ingestor);
        Assert.Equal((rounds + 1) * genres, _statistics.Consumed);
        var deltas = await TakeAsync<ApplyDelta>(rounds * buckets);
        Accept(ingestor, deltas.Take((rounds * buckets) - 4_096));

        await Until.TrueAsync(() => _statistics.Consumed == (rounds + 2) * genres);

        static SampleEvent[] Genres() =>
            [.. Enumerable.Range(0, genres).Select(genre => new SampleEvent().WithText("Genre", $"genre {genre}"))];
    }

    [Fact]
    public async Task A_hand_off_commits_what_was_handled_and_then_ends()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await OpenAsync(ingestor, position: 0);

        ingestor.Tell(StopReading.Instance);
        Feed(0, 5, Events(5));
        Accept(ingestor, await TakeAsync<ApplyDelta>(Rollups));
        Confirm(ingestor, await TakeAsync<PersistPartition>(Rollups));

        await ExpectTerminatedAsync(ingestor, Limit);
        Assert.Equal(5, _topic.Committed(0));
    }

    [Fact]
    public async Task A_hand_off_waits_for_buckets_that_are_being_opened()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await Until.TrueAsync(() => _statistics.Consumed == 5);
        ingestor.Tell(StopReading.Instance);
        await ReachedAsync(ingestor);
        var opens = await TakeAsync<OpenPartition>(Rollups);
        foreach (var open in opens)
            Answer(ingestor, new PartitionOpened(open.Bucket, Partition, 5, open.Session));
        Confirm(ingestor, await TakeAsync<PersistPartition>(Rollups));

        await ExpectTerminatedAsync(ingestor, Limit);
        Assert.Equal(5, _topic.Committed(0));
    }

    [Fact]
    public async Task A_hand_off_with_nothing_to_commit_ends_at_once()
    {
        var ingestor = await StartAsync();

        ingestor.Tell(StopReading.Instance);

        await ExpectTerminatedAsync(ingestor, Limit);
        Assert.Null(_topic.Committed(0));
    }

    [Fact]
    public async Task A_hand_off_does_not_wait_for_ever()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await OpenAsync(ingestor, position: 0);
        ingestor.Tell(StopReading.Instance);
        await ReachedAsync(ingestor);

        Clock.Advance(DrainTimeout);

        await ExpectTerminatedAsync(ingestor, Limit);
        Assert.Null(_topic.Committed(0));
    }

    [Fact]
    public async Task A_hand_off_that_is_rejected_ends_without_a_commit()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await OpenAsync(ingestor, position: 0);
        ingestor.Tell(StopReading.Instance);
        var persist = await TakeAsync<ApplyDelta>(Rollups);
        Answer(ingestor, new PartitionRejected(persist[0].Bucket, Partition, FarAhead, persist[0].Session));
        await ReachedAsync(ingestor);

        Clock.Advance(FirstRestartDelay);

        await ExpectTerminatedAsync(ingestor, Limit);
        Assert.Null(_topic.Committed(0));
    }

    [Fact]
    public async Task A_hand_off_while_storage_is_away_ends_at_once()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await OpenAsync(ingestor, position: 0);
        _storage.Failed(StorageActivity.Pinging, "It is away.");

        ingestor.Tell(StopReading.Instance);

        await ExpectTerminatedAsync(ingestor, Limit);
        Assert.Null(_topic.Committed(0));
    }

    [Fact]
    public async Task A_hand_off_between_two_sessions_ends_at_once()
    {
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await OpenAsync(ingestor, position: 0);
        await RejectAsync(ingestor);

        ingestor.Tell(StopReading.Instance);

        await ExpectTerminatedAsync(ingestor, Limit);
        Assert.Null(_topic.Committed(0));
    }

    [Fact]
    public async Task A_partition_that_is_taken_back_ends_its_ingestor()
    {
        var ingestor = await StartAsync();

        _assigned.End();

        await ExpectTerminatedAsync(ingestor, Limit);
    }

    [Fact]
    public async Task An_ingestor_that_fails_ends_and_leaves_it_to_sharding_to_start_another()
    {
        var ingestor = await StartAsync();

        ((IInternalActorRef)ingestor).Restart(new InvalidOperationException("A bug."));

        await ExpectTerminatedAsync(ingestor, Limit);
    }

    [Fact]
    public async Task A_rewind_that_is_refused_is_told_to_people_and_tried_again()
    {
        var told = CreateTestProbe();
        Sys.EventStream.Subscribe(told, typeof(IngestRefused));
        var ingestor = await StartAsync();
        Feed(0, 0, Events(5));
        await OpenAsync(ingestor, position: 0);
        _topic.Commit(0, 1_000);
        await RejectAsync(ingestor);
        Clock.Advance(FirstRestartDelay);
        var refused = await told.ExpectMsgAsync<IngestRefused>(Limit);
        Assert.Contains("committed offset 1000", refused.Message, StringComparison.Ordinal);
        await ReachedAsync(ingestor);
        _topic.Commit(0, 3);

        Clock.Advance(LongestRestartDelay);
        await Until.TrueAsync(() => _statistics.Partitions[0].Position == 3);
        Feed(1, 3, Events(1));

        Assert.All(await TakeAsync<OpenPartition>(Rollups), open => Assert.Equal(3, open.Committed));
    }

    private static SampleEvent[] Events(int count) => [.. Enumerable.Range(0, count).Select(_ => new SampleEvent())];

    private static RecordBatch Batch(int epoch, long first, params IEnumerable<SampleEvent>[] events)
    {
        var batch = new RecordBatch(epoch, first);
        foreach (var value in events.SelectMany(it => it))
            batch.Add(first++, SampleEvent.RecordUnixMilliseconds, [], value.ToBytes());
        return batch;
    }

    private static string Header(Confluent.Kafka.Message<byte[], byte[]> letter, string name) =>
        Encoding.UTF8.GetString(letter.Headers.GetLastBytes(name));

    private IActorRef Start(RollupCatalog? catalog = null)
    {
        var context = new IngestContext(
            catalog ?? RollupCatalog.Default, Window.DefaultLength, null, FlushInterval, _node, _buckets, _statistics, _storage);
        return Watch(Sys.ActorOf(Props.Create(() => new PartitionIngestor(0, context))));
    }

    private async Task<IActorRef> StartAsync(RollupCatalog? catalog = null)
    {
        _assigned = new AssignedPartition(Partition, committed: 0, capacity: 64);
        var ingestor = Start(catalog);
        await _node.ExpectMsgAsync(new AcquirePartition(0), Limit);
        ingestor.Tell(new PartitionAcquired(_assigned, _consumer, _deadLetters));
        await ReachedAsync(ingestor);
        return ingestor;
    }

    private void Feed(int epoch, long first, params IEnumerable<SampleEvent>[] events) =>
        Assert.True(_assigned.Writer.TryWrite(Batch(epoch, first, events)));

    private async Task<List<T>> TakeAsync<T>(int count)
    {
        var taken = new List<T>();
        while (taken.Count < count)
            taken.Add(Assert.IsType<T>(await NextRequestAsync(Limit)));
        return taken;
    }

    private async Task<object?> NextRequestAsync(TimeSpan limit)
    {
        if (_requests.Count == 0 && await _buckets.ReceiveOneAsync(limit) is PartitionRequests message)
        {
            foreach (var request in message.Requests)
                _requests.Enqueue(request);
        }

        return _requests.TryDequeue(out var next) ? next : null;
    }

    private static void Answer(IActorRef ingestor, params IPartitionAnswer[] answers) =>
        ingestor.Tell(new PartitionAnswers(answers));

    private async Task<List<OpenPartition>> OpenAsync(IActorRef ingestor, long position, int buckets = Rollups)
    {
        var opens = await TakeAsync<OpenPartition>(buckets);
        foreach (var open in opens)
            Answer(ingestor, new PartitionOpened(open.Bucket, Partition, position, open.Session));
        await ReachedAsync(ingestor);
        return opens;
    }

    private async Task CommitAsync(IActorRef ingestor, int buckets = Rollups)
    {
        ingestor.Tell(new CommitNow());
        Accept(ingestor, await TakeAsync<ApplyDelta>(buckets));
        Confirm(ingestor, await TakeAsync<PersistPartition>(buckets));
    }

    /// <summary>The broker has the offset, and the ingestor knows.</summary>
    private Task CommittedAsync(long offset) =>
        Until.TrueAsync(() => _topic.Committed(0) == offset && _statistics.Partitions[0].Committed == offset);

    private static void Accept(IActorRef ingestor, IEnumerable<ApplyDelta> deltas)
    {
        foreach (var (bucket, delta, session) in deltas)
            Answer(ingestor, new DeltaAccepted(bucket, Partition, delta.To, session));
    }

    private static void Confirm(IActorRef ingestor, IEnumerable<PersistPartition> persists)
    {
        foreach (var (bucket, partition, upTo, session) in persists)
            Answer(ingestor, new PartitionPersisted(bucket, partition, upTo, session));
    }

    private static void Reject(IActorRef ingestor, OpenPartition open) =>
        Answer(ingestor, new PartitionRejected(open.Bucket, Partition, FarAhead, open.Session));

    /// <summary>Rejects the session under way, whose deltas are on their way or have just been received.</summary>
    private async Task RejectAsync(IActorRef ingestor)
    {
        ingestor.Tell(new CommitNow());
        PersistPartition? persist = null;
        while (persist is null)
            persist = await NextRequestAsync(Limit) as PersistPartition;
        Answer(ingestor, new PartitionRejected(persist.Bucket, Partition, FarAhead, persist.Session));
        await ReachedAsync(ingestor);
        while (HasRequests)
            await NextRequestAsync(Limit);
    }

    private async Task RewindAsync(IActorRef ingestor, TimeSpan delay)
    {
        await ReachedAsync(ingestor);
        Clock.Advance(delay);
    }

    /// <summary>The consumer counts its rewinds, so that one by this spec shows whether there was another before it.</summary>
    /// <returns>The epoch that the ingestor is in afterwards.</returns>
    private async Task<int> ExpectRewindAfterAsync(IActorRef ingestor, TimeSpan delay)
    {
        await ReachedAsync(ingestor);
        var before = (await _consumer.RewindAsync(Partition)).Epoch;
        Clock.Advance(delay - Moment);
        await ReachedAsync(ingestor);
        Assert.Equal(before + 1, (await _consumer.RewindAsync(Partition)).Epoch);
        Clock.Advance(Moment);
        await ReachedAsync(ingestor);
        Assert.Equal(before + 3, (await _consumer.RewindAsync(Partition)).Epoch);
        return before + 2;
    }

    private async Task AdvanceAsync(IActorRef ingestor, TimeSpan step, int times)
    {
        for (var time = 0; time < times; time++)
        {
            Clock.Advance(step);
            await ReachedAsync(ingestor);
        }
    }

    /// <summary>Everything sent to the ingestor so far has been handled.</summary>
    private async Task ReachedAsync(IActorRef ingestor)
    {
        var probe = CreateTestProbe();
        ingestor.Tell(new Identify(null), probe);
        await probe.ExpectMsgAsync<ActorIdentity>(Limit);
    }
}
