using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Cuts;
using Pulse.Actors.Tests.Events;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Ingest;

/// <summary>
/// The ingestor in virtual time, on a topic of its own. Its node and its buckets are probes: each bucket is where the spec
/// says.
/// </summary>
public sealed class PartitionIngestorTests(KafkaFixture kafka)
    : TestKit("""
        akka.loglevel = WARNING
        akka.loggers = []
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
        """)
{
    private const int Rollups = 3;
    private static readonly int Buckets = Versions.Of(RollupCatalog.Default).Sum(version => version.Buckets);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainTickInterval = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AcquireTimeout = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly StreamPartition Partition = new(EventTopic.Stream, 0);

    private readonly IngestStatistics _statistics = new();
    private readonly StorageAvailability _storage = new();
    private readonly Queue<SessionEffect> _requests = [];
    private volatile string _streamNow = EventTopic.Stream;
    private Func<Task<FoundCut?>>? _readCut;
    private Func<Exception?> _keeping = () => null;
    private volatile FoundCut? _kept;
    private volatile int _attempts;
    private volatile int _looks;
    private EventTopic _topic = null!;
    private TopicReader _reader = null!;
    private TopicQuestions _questions = null!;
    private AssignedPartition _assigned = null!;
    private TestProbe _node = null!;
    private TestProbe _buckets = null!;
    private TestProbe _sink = null!;

    private bool HasRequests => _requests.Count > 0 || _buckets.HasMessages;

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _topic = await EventTopic.CreateAsync(kafka, 1);
        _questions = new TopicQuestions(_topic.Settings);
        _reader = TopicReader.Start(_topic.Settings, EventTopic.Stream, new ClientMonitor(), NullLogger.Instance);
        _sink = CreateTestProbe("sink");
        _node = CreateTestProbe("node");
        _buckets = CreateTestProbe("buckets");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _reader.StopAsync();
        _questions.Dispose();
    }

    [Fact]
    public async Task It_asks_every_bucket_of_every_version_for_its_position()
    {
        await StartAsync();

        var asked = await TakeAsync<SessionEffect.AskPosition>(Buckets);

        var versions = Versions.Of(RollupCatalog.Default);
        Assert.Equal(
            versions.SelectMany(version =>
                Enumerable.Range(0, version.Buckets).Select(number => (version.Bucket(number), version.Digest))),
            asked.Select(ask => (ask.Bucket, ask.Version)));
        Assert.Single(asked.Select(ask => ask.Session).Distinct());
    }

    [Fact]
    public async Task It_reads_from_the_least_position_and_sends_each_bucket_what_it_lacks()
    {
        await ProduceAsync(Events(7));
        var ingestor = await StartAsync();
        var asked = await TakeAsync<SessionEffect.AskPosition>(Buckets);
        var ahead = BucketId.Owning(RollupCatalog.BuiltIn[0], new RollupKey("Smart TV", "Drama"));
        foreach (var ask in asked)
            Answer(ingestor, ask.Bucket, ask.Session, AnswerKind.Position, ask.Bucket == ahead ? 4 : 2);
        await ReadAsync(5);

        await FlushAsync(ingestor);

        var sent = (await TakeAsync<SessionEffect.SendDelta>(Rollups)).ToDictionary(send => send.Bucket, send => send.Delta);
        Assert.All(sent.Values, delta => Assert.Equal((Partition, 7L), (delta.Partition, delta.To.Offset)));
        Assert.All(sent.Values, delta => Assert.True(delta.To.Epoch >= 0, $"The epoch is {delta.To.Epoch}."));
        Assert.Equal((4L, 3L), (sent[ahead].From.Offset, sent[ahead].Balance.Counted));
        Assert.All(sent.Where(it => it.Key != ahead), it =>
            Assert.Equal((2L, 5L), (it.Value.From.Offset, it.Value.Balance.Counted)));
        Assert.Equal(5, _statistics.Consumed);
        Assert.Equal((1L, (long)Rollups), (_statistics.Flushes, _statistics.Deltas));
    }

    [Fact]
    public async Task Quiet_buckets_are_told_with_each_tick()
    {
        await ProduceAsync(Events(5));
        var ingestor = await StartAsync();
        await StandAsync(ingestor, 0);
        await ReadAsync(5);

        await FlushAsync(ingestor);
        var touched = await TakeAsync<SessionEffect.SendDelta>(Rollups);
        await AdvanceAsync(ingestor, TickInterval - FlushInterval);

        // Homes have consumed all records, of which their delta tells; the others hold nothing more.
        var said = await TakeAsync<SessionEffect>(Buckets - Rollups);
        Assert.All(said.OfType<SessionEffect.SendEmptyDelta>(), send =>
            Assert.Equal((Partition, 0L, 5L), (send.Delta.Partition, send.Delta.From.Offset, send.Delta.To.Offset)));
        Assert.NotEmpty(said.OfType<SessionEffect.SendEmptyDelta>());
        Assert.DoesNotContain(said.OfType<SessionEffect.SendEmptyDelta>(), send => touched.Exists(it => it.Bucket == send.Bucket));
        Assert.False(HasRequests);
    }

    [Fact]
    public async Task Asked_to_flush_it_tells_every_bucket_at_once()
    {
        await ProduceAsync(Events(5));
        var ingestor = await StartAsync();
        await StandAsync(ingestor, 0);
        await ReadAsync(5);

        ingestor.Tell(FlushNow.Instance);

        var told = await TakeAsync<SessionEffect>(Buckets);
        Assert.Equal(Buckets, told.Select(BucketOf).Distinct().Count());
    }

    [Fact]
    public async Task Questions_without_an_answer_are_asked_again()
    {
        var ingestor = await StartAsync();
        var asked = await TakeAsync<SessionEffect.AskPosition>(Buckets);
        foreach (var ask in asked.Skip(1))
            Answer(ingestor, ask.Bucket, ask.Session, AnswerKind.Position, 0);
        await ReachedAsync(ingestor);

        await AdvanceAsync(ingestor, TickInterval);

        Assert.Equal(asked[0], Assert.Single(await TakeAsync<SessionEffect.AskPosition>(1)));
        Assert.False(HasRequests);
    }

    [Fact]
    public async Task Where_a_bucket_has_forgotten_the_session_starts_over_and_answers_to_the_old_one_are_nothing()
    {
        await ProduceAsync(Events(5));
        var ingestor = await StartAsync();
        var first = await StandAsync(ingestor, 3);
        await ReadAsync(2);
        await FlushAsync(ingestor);
        var deltas = await TakeAsync<SessionEffect.SendDelta>(Rollups);
        Answer(ingestor, deltas[1].Bucket, deltas[1].Session, AnswerKind.Applied, 5);

        Answer(ingestor, deltas[0].Bucket, deltas[0].Session, AnswerKind.Elsewhere, 1);

        var again = await TakeAsync<SessionEffect.AskPosition>(Buckets);
        Assert.NotEqual(first, again[0].Session);
        Answer(ingestor, deltas[0].Bucket, first, AnswerKind.Elsewhere, 0);
        foreach (var ask in again)
            Answer(ingestor, ask.Bucket, ask.Session, AnswerKind.Position, ask.Bucket == deltas[0].Bucket ? 1 : 5);
        await ReadAsync(2 + 4);
        await FlushAsync(ingestor);
        var (_, _, delta) = Assert.Single(await TakeAsync<SessionEffect.SendDelta>(1));
        Assert.Equal((1L, 5L, 4L), (delta.From.Offset, delta.To.Offset, delta.Balance.Counted));
        Assert.Equal(1, _statistics.SessionRestarts);
    }

    [Fact]
    public async Task Records_that_retention_removed_are_moved_over_as_a_gap()
    {
        await ProduceAsync(Events(12));
        await _topic.RemoveBelowAsync(0, 9);
        var log = CreateTestProbe();
        Sys.EventStream.Subscribe(log, typeof(Akka.Event.Warning));
        var ingestor = await StartAsync();

        await StandAsync(ingestor, 2);
        await ReadAsync(3);
        await FlushAsync(ingestor);

        var sent = await TakeAsync<SessionEffect.SendDelta>(Buckets);
        Assert.All(sent, send => Assert.Equal([new Gap(Partition, 2, 9)], send.Delta.Gaps));
        Assert.Equal(Rollups * 3, sent.Sum(send => send.Delta.Balance.Counted));
        Assert.Contains(
            "begins at offset 9 now: the 7 offsets from 2 on are gone",
            (await log.FishForMessageAsync<Akka.Event.Warning>(line => line.ToString().Contains("pulse_gap", StringComparison.Ordinal), Limit)).ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_ends_before_a_bucket_s_position_was_cut_and_its_partition_stands_still_with_what_to_do()
    {
        await ProduceAsync(Events(5));
        var ingestor = await StartAsync();

        await StandAsync(ingestor, 10);

        await Until.TrueAsync(() => _statistics.Status(0)?.Standing is not null);
        Assert.Equal(
            CutNotice.Line(Partition, 5, 10, Versions.Of(RollupCatalog.Default).SelectMany(version =>
                Enumerable.Range(0, version.Buckets).Select(version.Bucket))),
            _statistics.Status(0)!.Standing);
        await _node.ExpectMsgAsync<PartitionGivenBack>(Limit);
        await AdvanceAsync(ingestor, TimeSpan.FromSeconds(10));
        await ExpectTerminatedAsync(ingestor, Limit);
        Assert.NotNull(_statistics.Status(0)!.Standing);

        _kept = null;
        var former = await StartAsync();
        await _node.ExpectMsgAsync(new ReadAnew(0), Limit);
        await ExpectTerminatedAsync(former, Limit);
        var next = await StartAsync();
        await StandAsync(next, 5);
        await FlushAsync(next);
        await Until.TrueAsync(() => _statistics.Status(0) is { Standing: null });
    }

    [Fact]
    public async Task A_cut_that_was_found_stays_one_when_the_log_has_grown_again_until_somebody_decides()
    {
        await ProduceAsync(Events(5));
        _keeping = () => new IOException("storage is away");
        var ingestor = await StartAsync();
        await StandAsync(ingestor, 10);
        await Until.TrueAsync(() => _attempts == 1);
        await _node.ExpectMsgAsync<PartitionGivenBack>(Limit);
        await ReachedAsync(ingestor);
        _keeping = () => null;
        await AdvanceAsync(ingestor, TimeSpan.FromSeconds(10));
        await Until.TrueAsync(() => _kept is not null);
        Assert.Equal((Partition, new LogPosition(5, LogPosition.UnknownEpoch)), (_kept!.Partition, _kept.From));
        await Until.TrueAsync(() => _looks == 1);
        await ReachedAsync(ingestor);
        await AdvanceAsync(ingestor, TimeSpan.FromSeconds(10));
        await ExpectTerminatedAsync(ingestor, Limit);

        await ProduceAsync(Events(10));
        var next = await StartAsync();
        await _node.ExpectMsgAsync<PartitionGivenBack>(Limit);
        Assert.Equal(_kept.Notice, _statistics.Status(0)?.Standing);
        await ReachedAsync(next);
        Assert.Equal(2, _looks);
        Assert.False(_buckets.HasMessages);
        _kept = null;
        await AdvanceAsync(next, TimeSpan.FromSeconds(10));
        await ExpectTerminatedAsync(next, Limit);

        // The client that has read the former log may know higher leader epochs.
        var former = await StartAsync();
        await _node.ExpectMsgAsync(new ReadAnew(0), Limit);
        await ExpectTerminatedAsync(former, Limit);
        Assert.Null(_statistics.Status(0));
        var last = await StartAsync();
        await StandAsync(last, 5);
        await FlushAsync(last);
        await Until.TrueAsync(() => _statistics.Status(0) is { Standing: null });
    }

    [Fact]
    public async Task Where_storage_does_not_say_whether_a_cut_was_found_the_partition_stands_still_and_asks_again()
    {
        await ProduceAsync(Events(5));
        _readCut = () => Task.FromException<FoundCut?>(new IOException("storage is away"));
        var ingestor = await StartAsync();

        await Until.TrueAsync(() => _statistics.Status(0)?.Standing is not null);
        Assert.Equal("It is not known whether its log was found cut before. storage is away", _statistics.Status(0)!.Standing);
        Assert.False(_buckets.HasMessages);
        await AdvanceAsync(ingestor, TimeSpan.FromSeconds(2));
        await ExpectTerminatedAsync(ingestor, Limit);
    }

    [Fact]
    public async Task A_record_that_is_not_the_one_of_a_bucket_s_position_is_a_cut_log()
    {
        await ProduceAsync(Events(5));
        var ingestor = await StartAsync();

        await StandAsync(ingestor, new LogPosition(3, 77));

        await Until.TrueAsync(() => _statistics.Status(0)?.Standing is not null);
        Assert.Contains("offsets up to 2 are in doubt", _statistics.Status(0)!.Standing, StringComparison.Ordinal);
        Assert.Contains("pulse accept-cut --partition 0", _statistics.Status(0)!.Standing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_seems_cut_because_the_topic_was_made_again_is_read_anew()
    {
        await ProduceAsync(Events(5));
        var told = Refusals();
        var ingestor = await StartAsync();
        _streamNow = "made again";

        await StandAsync(ingestor, 10);

        await _node.ExpectMsgAsync<AskIdentity>(Limit);
        await ExpectTerminatedAsync(ingestor, Limit);
        Assert.False(told.HasMessages);
    }

    [Fact]
    public async Task Buckets_of_another_declaration_are_refused_with_what_to_do()
    {
        var told = Refusals();
        var ingestor = await StartAsync();
        var asked = await TakeAsync<SessionEffect.AskPosition>(Buckets);

        Answer(ingestor, asked[2].Bucket, asked[2].Session, AnswerKind.OtherVersion, 0);

        var refused = await told.ExpectMsgAsync<IngestRefused>(Limit);
        Assert.StartsWith($"{asked[2].Bucket} is counted by another declaration.", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Give every node the same Pulse:Rollups", refused.Message, StringComparison.Ordinal);
        await ExpectTerminatedAsync(ingestor, Limit);
    }

    [Fact]
    public async Task When_a_bucket_knows_that_the_topic_was_made_again_its_node_is_to_ask_the_broker()
    {
        var ingestor = await StartAsync();
        var asked = await TakeAsync<SessionEffect.AskPosition>(Buckets);

        Answer(ingestor, asked[2].Bucket, asked[2].Session, AnswerKind.OldStream, 0);

        await _node.ExpectMsgAsync<AskIdentity>(Limit);
        await ExpectTerminatedAsync(ingestor, Limit);
    }

    [Fact]
    public async Task How_far_all_is_stored_is_shown_at_once_and_told_to_the_group_after_a_while()
    {
        await ProduceAsync(Events(5));
        var ingestor = await StartAsync();
        await StandAsync(ingestor, 0);
        await ReadAsync(5);
        ingestor.Tell(FlushNow.Instance);
        var told = await TakeAsync<SessionEffect>(Buckets);
        Answer(ingestor, [.. told.Skip(1).Select(effect => AnswerTo(effect, stored: 5))]);
        await ReachedAsync(ingestor);
        Assert.Equal((5L, 0L), (_statistics.Partitions[0].Position, _statistics.Partitions[0].Committed));

        Answer(ingestor, AnswerTo(told[0], stored: 3));
        await ReachedAsync(ingestor);
        Assert.Equal(3, _statistics.Partitions[0].Committed);
        Assert.Null(_topic.Committed(0));
        Clock.Advance(ReportInterval);

        await Until.TrueAsync(() => _topic.Committed(0) == 3 && _statistics.Commits == 1);
        Assert.NotNull(_statistics.LastCommit);
    }

    [Fact]
    public async Task Buckets_hear_of_a_bad_record_at_once_and_the_sink_hears_where_it_is()
    {
        await ProduceAsync([.. Events(1), new SampleEvent().Without("Genre"), .. Events(1)]);
        var ingestor = await StartAsync();
        await StandAsync(ingestor, 0);
        await ReadAsync(3);

        await FlushAsync(ingestor);

        var sent = await TakeAsync<SessionEffect.SendDelta>(Rollups + 1);
        Assert.Equal((3L, 1L), (_statistics.Consumed, _statistics.DeadLettered));
        Assert.Equal(1, Assert.Single(sent, send => send.Bucket.Rollup == DeadLetters.RollupName).Delta.Balance.Counted);
        var handled = await HandledAsync();
        Assert.Equal((Partition, 0L, 3L), (handled.Partition, handled.From, handled.To));
        Assert.Equal([1L], handled.Bad);
    }

    [Fact]
    public async Task Of_records_that_are_well_the_sink_hears_once_a_second_all_the_same()
    {
        await ProduceAsync(Events(3));
        var ingestor = await StartAsync();
        await StandAsync(ingestor, 1);
        await ReadAsync(2);

        await FlushAsync(ingestor);
        Assert.False(_sink.HasMessages);
        await AdvanceAsync(ingestor, TickInterval - FlushInterval);
        var handled = await HandledAsync();
        Assert.Equal((1L, 3L, 0), (handled.From, handled.To, handled.Bad.Count));
        await AdvanceAsync(ingestor, TickInterval);

        // A sink that began meanwhile would know nothing else.
        handled = await HandledAsync();
        Assert.Equal((3L, 3L, 0), (handled.From, handled.To, handled.Bad.Count));
    }

    [Fact]
    public async Task No_batch_is_asked_for_while_too_much_is_under_way()
    {
        const int events = 12_000;
        await ProduceAsync([.. Enumerable.Range(0, events).Select(number =>
            new SampleEvent().WithText("Genre", $"genre {number % 40}"))]);
        // A delta for each count.
        var ingestor = await StartAsync(new SessionLimits(DeltaBytes: 1, BytesUnderWay: 1, DeltasPerBucketUnderWay: 1_000));
        await StandAsync(ingestor, 0);
        await Until.TrueAsync(() => _statistics.Consumed > 0);
        var first = _statistics.Consumed;
        for (var round = 0; round < 100; round++)
            await ReachedAsync(ingestor);
        Assert.Equal(first, _statistics.Consumed);
        Assert.True(first < events, "All was read in one batch.");

        while (_statistics.Consumed < events)
        {
            await FlushAsync(ingestor);
            while (HasRequests)
                Answer(ingestor, AnswerTo(await NextAsync<SessionEffect>(), stored: 0));
            await ReachedAsync(ingestor);
        }

        await Until.TrueAsync(() => _statistics.Partitions[0].Position == events);
    }

    [Fact]
    public async Task While_nothing_was_acquired_it_waits_and_ends_when_the_broker_is_away()
    {
        var ingestor = Start();
        await _node.ExpectMsgAsync(new AcquirePartition(0), Limit);
        ingestor.Tell(FlushNow.Instance);
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
    public async Task A_hand_off_brings_buckets_what_was_read_and_then_ends_and_tells_the_group()
    {
        await ProduceAsync(Events(5));
        var ingestor = await StartAsync();
        await StandAsync(ingestor, 0);
        await ReadAsync(5);
        ingestor.Tell(FlushNow.Instance);
        Answer(ingestor, [.. (await TakeAsync<SessionEffect>(Buckets)).Select(effect => AnswerTo(effect, stored: 4))]);
        await ProduceAsync(Events(2));
        await ReadAsync(7);

        ingestor.Tell(StopReading.Instance);
        var told = await TakeAsync<SessionEffect>(Buckets);
        Assert.Equal(2 * Rollups, told.OfType<SessionEffect.SendDelta>().Sum(send => send.Delta.Balance.Counted));
        Assert.Null(_topic.Committed(0));
        Answer(ingestor, [.. told.Select(effect => AnswerTo(effect, stored: 4))]);

        await ExpectTerminatedAsync(ingestor, Limit);
        await Until.TrueAsync(() => _topic.Committed(0) == 4);
    }

    [Fact]
    public async Task A_hand_off_ends_only_when_the_last_bucket_has_all()
    {
        await ProduceAsync(Events(5));
        var ingestor = await StartAsync();
        await StandAsync(ingestor, 0);
        await ReadAsync(5);
        ingestor.Tell(StopReading.Instance);
        var told = await TakeAsync<SessionEffect>(Buckets);
        Answer(ingestor, [.. told.SkipLast(1).Select(effect => AnswerTo(effect, stored: 0))]);
        await ReachedAsync(ingestor);

        Answer(ingestor, AnswerTo(told[^1], stored: 0));

        await ExpectTerminatedAsync(ingestor, Limit);
    }

    [Fact]
    public async Task What_was_lost_on_the_way_is_asked_for_soon_during_a_hand_off()
    {
        await ProduceAsync(Events(5));
        var ingestor = await StartAsync();
        await StandAsync(ingestor, 0);
        await ReadAsync(5);
        ingestor.Tell(StopReading.Instance);
        await TakeAsync<SessionEffect>(Buckets);

        await AdvanceAsync(ingestor, DrainTickInterval);
        await AdvanceAsync(ingestor, DrainTickInterval);

        var again = await TakeAsync<SessionEffect.SendEmptyDelta>(Buckets);
        Assert.All(again, send => Assert.Equal((5L, 5L), (send.Delta.From.Offset, send.Delta.To.Offset)));
    }

    [Fact]
    public async Task A_hand_off_with_nothing_to_bring_ends_at_once()
    {
        var ingestor = await StartAsync();
        await StandAsync(ingestor, 0);

        ingestor.Tell(StopReading.Instance);

        await ExpectTerminatedAsync(ingestor, Limit);
        Assert.Null(_topic.Committed(0));
    }

    [Fact]
    public async Task A_hand_off_does_not_wait_for_ever()
    {
        await ProduceAsync(Events(5));
        var ingestor = await StartAsync();
        await StandAsync(ingestor, 0);
        await ReadAsync(5);
        ingestor.Tell(StopReading.Instance);
        await ReachedAsync(ingestor);
        Clock.Advance(DrainTimeout - Moment);
        await ReachedAsync(ingestor);

        Clock.Advance(Moment);

        await ExpectTerminatedAsync(ingestor, Limit);
    }

    [Fact]
    public async Task A_hand_off_where_a_bucket_has_forgotten_ends_at_once()
    {
        await ProduceAsync(Events(5));
        var ingestor = await StartAsync();
        await StandAsync(ingestor, 2);
        await ReadAsync(3);
        ingestor.Tell(StopReading.Instance);
        var told = await TakeAsync<SessionEffect>(Buckets);

        Answer(ingestor, AnswerTo(told[0], stored: 0) with { Kind = AnswerKind.Elsewhere, Position = At(0) });

        await ExpectTerminatedAsync(ingestor, Limit);
    }

    [Fact]
    public async Task A_hand_off_while_storage_is_away_ends_at_once()
    {
        await ProduceAsync(Events(5));
        var ingestor = await StartAsync();
        await StandAsync(ingestor, 0);
        await ReadAsync(5);
        _storage.Failed(StorageActivity.Renewing, "It is away.");

        ingestor.Tell(StopReading.Instance);

        await ExpectTerminatedAsync(ingestor, Limit);
        Assert.False(HasRequests);
    }

    [Fact]
    public async Task A_hand_off_before_all_buckets_have_answered_ends_at_once()
    {
        var ingestor = await StartAsync();
        await TakeAsync<SessionEffect.AskPosition>(Buckets);

        ingestor.Tell(StopReading.Instance);

        await ExpectTerminatedAsync(ingestor, Limit);
    }

    [Fact]
    public async Task A_partition_that_is_taken_back_ends_its_ingestor()
    {
        var ingestor = await StartAsync();

        _reader.Unassign(_assigned);

        await ExpectTerminatedAsync(ingestor, Limit);
    }

    [Fact]
    public async Task Where_the_broker_does_not_answer_it_ends_and_leaves_it_to_sharding_to_start_another()
    {
        var ingestor = await StartAsync();

        ingestor.Tell(new Status.Failure(new KafkaException(ErrorCode.Local_TimedOut)));

        await ExpectTerminatedAsync(ingestor, Limit);
        Assert.Equal(1, _statistics.SessionRestarts);
    }

    [Fact]
    public async Task An_ingestor_that_fails_ends_and_leaves_it_to_sharding_to_start_another()
    {
        var ingestor = await StartAsync();

        ((IInternalActorRef)ingestor).Restart(new InvalidOperationException("A bug."));

        await ExpectTerminatedAsync(ingestor, Limit);
    }

    private static SampleEvent[] Events(int count) => [.. Enumerable.Range(0, count).Select(_ => new SampleEvent())];

    private static LogPosition At(long offset) => new(offset, LogPosition.UnknownEpoch);

    private static BucketId BucketOf(SessionEffect effect) => effect switch
    {
        SessionEffect.SendDelta send => send.Bucket,
        SessionEffect.SendEmptyDelta send => send.Bucket,
        _ => throw new ArgumentException($"{effect} brings a bucket nothing.", nameof(effect)),
    };

    /// <summary>What a bucket answers that applies what it was sent.</summary>
    private static BucketAnswer AnswerTo(SessionEffect effect, long stored)
    {
        var (session, to) = effect switch
        {
            SessionEffect.SendDelta send => (send.Session, send.Delta.To),
            SessionEffect.SendEmptyDelta send => (send.Delta.Session, send.Delta.To),
            _ => throw new ArgumentException($"{effect} brings a bucket nothing.", nameof(effect)),
        };
        return new BucketAnswer(BucketOf(effect), Partition, session, AnswerKind.Applied, to, At(stored));
    }

    private static void Answer(IActorRef ingestor, params BucketAnswer[] answers) => ingestor.Tell(new SessionAnswers(answers));

    private static void Answer(IActorRef ingestor, BucketId bucket, SessionId session, AnswerKind kind, long position) =>
        Answer(ingestor, new BucketAnswer(bucket, Partition, session, kind, At(position), At(0)));

    private async Task<RecordsHandled> HandledAsync()
    {
        var handled = await _sink.ExpectMsgAsync<RecordsHandled>(Limit);
        // The end of the partition may come as a batch of its own.
        while (_sink.HasMessages)
        {
            var next = await _sink.ExpectMsgAsync<RecordsHandled>(Limit);
            Assert.Equal(handled.To, next.From);
            handled = handled with { To = next.To, Bad = [.. handled.Bad, .. next.Bad] };
        }

        return handled;
    }

    private TestProbe Refusals()
    {
        var told = CreateTestProbe();
        Sys.EventStream.Subscribe(told, typeof(IngestRefused));
        return told;
    }

    private Task ProduceAsync(params SampleEvent[] events) => _topic.ProduceAsync(0, events.Select(it => it.ToBytes()));

    private Task KeepCutAsync(StreamPartition partition, LogPosition? from)
    {
        _attempts++;
        if (_keeping() is { } failure)
            return Task.FromException(failure);
        _kept = new FoundCut(partition, from, []);
        return Task.CompletedTask;
    }

    private Task LowerCutAsync(StreamPartition partition)
    {
        _looks++;
        return Task.FromException(new IngestException("The broker does not say it."));
    }

    private IActorRef Start(SessionLimits? limits = null)
    {
        var context = new IngestContext(
            RollupCatalog.Default, Versions.Of(RollupCatalog.Default), CountingRules.Default, FlushInterval, _node, _buckets, _sink,
            _statistics, _storage)
        {
            AskStream = _ => Task.FromResult(_streamNow),
            ReadCut = _ => _readCut?.Invoke() ?? Task.FromResult(_kept),
            KeepCut = KeepCutAsync,
            LowerCut = LowerCutAsync,
            Limits = limits ?? SessionLimits.Default,
        };
        return Watch(Sys.ActorOf(Props.Create(() => new PartitionIngestor(0, context))));
    }

    private async Task<IActorRef> StartAsync(SessionLimits? limits = null)
    {
        var ingestor = Start(limits);
        await _node.ExpectMsgAsync(new AcquirePartition(0), Limit);
        _assigned = _reader.Assign(0);
        ingestor.Tell(new PartitionAcquired(_assigned, _reader, new LogSpans(_questions, _topic.Settings.Topic)));
        await ReachedAsync(ingestor);
        return ingestor;
    }

    /// <summary>All buckets say the same position.</summary>
    /// <returns>The session that asked.</returns>
    private Task<SessionId> StandAsync(IActorRef ingestor, long position) => StandAsync(ingestor, At(position));

    private async Task<SessionId> StandAsync(IActorRef ingestor, LogPosition position)
    {
        var asked = await TakeAsync<SessionEffect.AskPosition>(Buckets);
        Answer(ingestor, [.. asked.Select(ask =>
            new BucketAnswer(ask.Bucket, Partition, ask.Session, AnswerKind.Position, position, At(0)))]);
        await ReachedAsync(ingestor);
        return asked[0].Session;
    }

    /// <summary>So many records were read since the start.</summary>
    private Task ReadAsync(long records) => Until.TrueAsync(() => _statistics.Consumed == records);

    private async Task FlushAsync(IActorRef ingestor) => await AdvanceAsync(ingestor, FlushInterval);

    private async Task AdvanceAsync(IActorRef ingestor, TimeSpan step)
    {
        Clock.Advance(step);
        await ReachedAsync(ingestor);
    }

    private async Task<List<T>> TakeAsync<T>(int count)
        where T : SessionEffect
    {
        var taken = new List<T>();
        while (taken.Count < count)
            taken.Add(await NextAsync<T>());
        return taken;
    }

    private async Task<T> NextAsync<T>()
        where T : SessionEffect
    {
        if (_requests.Count == 0)
        {
            var message = await _buckets.ExpectMsgAsync<SessionRequests>(Limit);
            Assert.Equal(Partition, message.Partition);
            foreach (var request in message.Requests)
                _requests.Enqueue(request);
        }

        return Assert.IsType<T>(_requests.Dequeue(), exactMatch: false);
    }

    /// <summary>Everything sent to the ingestor so far has been handled.</summary>
    private async Task ReachedAsync(IActorRef ingestor)
    {
        var probe = CreateTestProbe();
        ingestor.Tell(new Identify(null), probe);
        await probe.ExpectMsgAsync<ActorIdentity>(Limit);
    }
}
