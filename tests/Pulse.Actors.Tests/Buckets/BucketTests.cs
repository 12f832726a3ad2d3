using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;
using static Pulse.Actors.Tests.Counting.CountingExamples;

namespace Pulse.Actors.Tests.Buckets;

/// <summary>The bucket in virtual time, between an ingestor and a result writer that are probes, over a journal that fails on demand.</summary>
public sealed class BucketTests : TestKit
{
    private const long Session = 7;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PublishTimeout = TimeSpan.FromSeconds(30);
    private static readonly string StoredAs = $"bucket/{Mobile.EntityId}";

    private readonly SteeredJournal.Steering _journal;
    private readonly StorageAvailability _availability = new();
    private readonly BucketStatistics _statistics = new();
    private readonly BucketContext _context;
    private readonly TestProbe _writer;
    private readonly TestProbe _ingestor;

    public BucketTests()
        : base(SteeredJournal.Configuration
            .WithFallback(CountingMessageSerializer.Configuration)
            .WithFallback("""
                akka.loglevel = OFF
                akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
                akka.persistence.max-concurrent-recoveries = 1
                """))
    {
        _journal = SteeredJournal.Steering.Of(Sys);
        _writer = CreateTestProbe("writer");
        _ingestor = CreateTestProbe("ingestor");
        _context = new BucketContext(
            RollupCatalog.Default, _writer, _availability, _statistics);
    }

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task What_is_counted_is_stored_then_published_then_answered()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        await ApplyAsync(bucket, 5, 9, 1);

        Ask(bucket, upTo: 9);
        var write = await _writer.ExpectMsgAsync<WriteResults>(Limit);

        Assert.Single(_journal.Events(StoredAs));
        Assert.Equal([new KeyCount(MobileDrama, Early, 4)], write.Results.Rows);
        Assert.Equal(new StoredCheckpoint(StoredAs, 1), write.Results.Checkpoint);
        Assert.Equal(Mobile.Number, write.Results.Bucket);
        Assert.Equal(ByDeviceGenre, write.Results.Rollup);
        await AssertNothingWasSaidAsync(bucket);

        _writer.Reply(new ResultsWritten(write.Results));

        Assert.Equal(new PartitionPersisted(Mobile, Zero, 9, Session), await AnswerAsync<PartitionPersisted>());
        Assert.Equal(1, _statistics.Checkpoints);
        Assert.NotNull(_statistics.LastCheckpoint);
    }

    [Fact]
    public async Task Opening_answers_the_higher_of_the_committed_offset_and_the_position()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 1);

        Assert.Equal(new PartitionOpened(Mobile, Zero, 5, 8), await OpenAsync(bucket, committed: 3, session: 8));
        Assert.Equal(new PartitionOpened(Mobile, Zero, 6, 9), await OpenAsync(bucket, committed: 6, session: 9));
    }

    [Fact]
    public async Task A_delta_that_is_held_already_is_accepted_and_counts_nothing()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);

        Send(bucket, Delta(0, 5, Drama(Early, 3)));

        Assert.Equal(5, (await AnswerAsync<DeltaAccepted>()).Position);
        Ask(bucket, upTo: 5);
        Assert.Equal(3, Assert.Single((await PublishAsync()).Rows).Count);
    }

    [Theory]
    [InlineData(4, 6)]
    [InlineData(6, 7)]
    public async Task A_delta_that_does_not_start_at_the_position_is_rejected_and_counts_nothing(long from, long to)
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);

        Send(bucket, Delta(from, to, Drama(Early, 1)));

        Assert.Equal(new PartitionRejected(Mobile, Zero, 5, Session), await AnswerAsync<PartitionRejected>());
        Ask(bucket, upTo: 5);
        Assert.Equal(3, Assert.Single((await PublishAsync()).Rows).Count);
    }

    [Fact]
    public async Task A_delta_of_a_partition_that_was_never_opened_is_rejected_at_minus_one()
    {
        var bucket = Start();

        Send(bucket, Delta(0, 5, Drama(Early, 1)));

        Assert.Equal(new PartitionRejected(Mobile, Zero, -1, Session), await AnswerAsync<PartitionRejected>());
    }

    [Fact]
    public async Task A_batch_is_handled_in_its_order_answered_at_once_and_stored_in_one_checkpoint()
    {
        var bucket = Start();
        var one = new StreamPartition(Zero.Stream, 1);

        bucket.Tell(
            new BucketBatch(
                Mobile,
                [
                    new OpenPartition(Mobile, Zero, 0, Session),
                    new ApplyDelta(Mobile, Delta(0, 5, Drama(Early, 3)), Session),
                    new PersistPartition(Mobile, Zero, 5, Session),
                    new OpenPartition(Mobile, one, 2, 8),
                    new ApplyDelta(Mobile, new Delta(one, 2, 4, [Drama(Early, 2)]), 8),
                    new PersistPartition(Mobile, one, 4, 8),
                    new ApplyDelta(Mobile, Delta(6, 7, Drama(Early, 1)), Session),
                ]),
            _ingestor);

        var answers = await AnswerAsync<BucketAnswers>();
        Assert.Equal(
            [
                new PartitionOpened(Mobile, Zero, 0, Session),
                new DeltaAccepted(Mobile, Zero, 5, Session),
                new PartitionOpened(Mobile, one, 2, 8),
                new DeltaAccepted(Mobile, one, 4, 8),
                new PartitionRejected(Mobile, Zero, 5, Session),
            ],
            answers.Answers);
        Assert.Equal(5, Assert.Single((await PublishAsync()).Rows).Count);
        IPartitionAnswer[] stored = [await AnswerAsync<PartitionPersisted>(), await AnswerAsync<PartitionPersisted>()];
        Assert.Equal(
            [new PartitionPersisted(Mobile, Zero, 5, Session), new PartitionPersisted(Mobile, one, 4, 8)],
            stored.OrderBy(answer => answer.Partition.Partition));
        Assert.Single(_journal.Events(StoredAs));
    }

    [Fact]
    public async Task A_request_to_store_more_than_was_counted_is_rejected()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 1);

        Ask(bucket, upTo: 6);

        Assert.Equal(new PartitionRejected(Mobile, Zero, 5, Session), await AnswerAsync<PartitionRejected>());
        Assert.Equal(0, _journal.Writes);
    }

    [Fact]
    public async Task What_the_committed_offset_covers_is_durable_without_a_checkpoint()
    {
        var bucket = await StartAsync(committed: 100);

        Ask(bucket, upTo: 100);

        Assert.Equal(100, (await AnswerAsync<PartitionPersisted>()).Position);
        Assert.Equal(0, _journal.Writes);
    }

    [Fact]
    public async Task A_repeated_request_is_answered_once_with_its_newest_session()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 1);

        Ask(bucket, upTo: 5, session: 1);
        Ask(bucket, upTo: 5, session: 2);
        await PublishAsync();

        Assert.Equal(2, (await AnswerAsync<PartitionPersisted>()).Session);
        await AssertNothingWasSaidAsync(bucket);
    }

    [Fact]
    public async Task Several_ingestors_share_a_checkpoint()
    {
        var bucket = await StartAsync();
        var other = CreateTestProbe();
        bucket.Tell(new OpenPartition(Mobile, One, 20, 1), other);
        await other.ExpectMsgAsync<PartitionOpened>(Limit);
        await ApplyAsync(bucket, 0, 5, 1);
        bucket.Tell(new ApplyDelta(Mobile, new Delta(One, 20, 30, [Drama(Early, 2)]), 1), other);
        await other.ExpectMsgAsync<DeltaAccepted>(Limit);
        _journal.Hold();

        Ask(bucket, upTo: 5);
        bucket.Tell(new PersistPartition(Mobile, One, 30, 1), other);
        await ReachedAsync(bucket);
        _journal.Release();

        Assert.Equal(3, Assert.Single((await PublishAsync()).Rows).Count);
        Assert.Equal(5, (await AnswerAsync<PartitionPersisted>()).Position);
        Assert.Equal(30, (await other.ExpectMsgAsync<PartitionPersisted>(Limit)).Position);
        Assert.Equal(1, _journal.Writes);
    }

    [Fact]
    public async Task What_comes_during_a_checkpoint_is_in_the_next_one()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 1);
        _journal.Hold();
        Ask(bucket, upTo: 5);
        await ApplyAsync(bucket, 5, 8, 1);
        var late = CreateTestProbe();
        bucket.Tell(new PersistPartition(Mobile, Zero, 8, 1), late);
        await ReachedAsync(bucket);
        _journal.Release();

        Assert.Equal(1, Assert.Single((await PublishAsync()).Rows).Count);
        Assert.Equal(5, (await AnswerAsync<PartitionPersisted>()).Position);
        Assert.Equal(2, Assert.Single((await PublishAsync()).Rows).Count);
        Assert.Equal(8, (await late.ExpectMsgAsync<PartitionPersisted>(Limit)).Position);
    }

    [Fact]
    public async Task Only_windows_that_changed_are_published()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 1);
        Ask(bucket, upTo: 5);
        await PublishAsync();

        Send(bucket, Delta(5, 6, Drama(Next, 2)));
        Ask(bucket, upTo: 6);

        Assert.Equal([new KeyCount(MobileDrama, Next, 2)], (await PublishAsync()).Rows);
    }

    [Fact]
    public async Task Late_events_are_counted_as_late_and_shown_once_stored()
    {
        var bucket = await StartAsync();
        Send(bucket, Delta(0, 5, Drama(Early, 1)) with { Late = 3 });
        Ask(bucket, upTo: 5);

        var results = await PublishAsync();

        Assert.Equal(3, results.LateCount);
        Assert.Equal([new KeyCount(MobileDrama, Early, 1)], results.Rows);
    }

    [Fact]
    public async Task A_crash_forgets_what_was_not_stored_and_nothing_else()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        Ask(bucket, upTo: 5);
        await PublishAsync();
        await AnswerAsync<PartitionPersisted>();
        await ApplyAsync(bucket, 5, 9, 1);
        await KillAsync(bucket);

        var next = Start();
        Send(next, Delta(9, 10, Drama(Early, 1)));

        Assert.Equal(5, (await AnswerAsync<PartitionRejected>()).Position);
        Assert.Equal(5, (await OpenAsync(next, committed: 0)).Position);
        await ApplyAsync(next, 5, 9, 1);
        Ask(next, upTo: 9);
        Assert.Equal(4, (await PublishUntilAsync(new StoredCheckpoint(StoredAs, 2))).Rows.Single().Count);
        Assert.Equal(9, (await AnswerAsync<PartitionPersisted>()).Position);
    }

    [Fact]
    public async Task A_checkpoint_that_may_not_have_been_published_before_a_crash_is_published_before_it_is_answered()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        Ask(bucket, upTo: 5);
        await _writer.ExpectMsgAsync<WriteResults>(Limit);
        await KillAsync(bucket);

        var next = await StartAsync();
        Ask(next, upTo: 5);
        var write = await _writer.ExpectMsgAsync<WriteResults>(Limit);

        Assert.Equal([new KeyCount(MobileDrama, Early, 3)], write.Results.Rows);
        Assert.Equal(new StoredCheckpoint(StoredAs, 1), write.Results.Checkpoint);
        await AssertNothingWasSaidAsync(next);
        _writer.Reply(new ResultsWritten(write.Results));
        Assert.Equal(5, (await AnswerAsync<PartitionPersisted>()).Position);
        Assert.Single(_journal.Events(StoredAs));
    }

    [Fact]
    public async Task A_restarted_actor_ignores_the_answer_to_what_its_former_self_asked()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        Ask(bucket, upTo: 5);
        var before = await _writer.ExpectMsgAsync<WriteResults>(Limit);
        ((IInternalActorRef)bucket).Restart(new InvalidOperationException("A bug."));

        Ask(bucket, upTo: 5);
        var after = await _writer.ExpectMsgAsync<WriteResults>(Limit);
        bucket.Tell(new ResultsWritten(before.Results), _writer);
        await AssertNothingWasSaidAsync(bucket);

        bucket.Tell(new ResultsWritten(after.Results), _writer);
        Assert.Equal(5, (await AnswerAsync<PartitionPersisted>()).Position);
    }

    [Fact]
    public async Task A_hand_off_stores_and_publishes_what_is_new_and_then_stops()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        await WatchAsync(bucket);

        bucket.Tell(StopBucket.Instance);
        var write = await _writer.ExpectMsgAsync<WriteResults>(Limit);
        await ReachedAsync(bucket);
        _writer.Reply(new ResultsWritten(write.Results));

        await ExpectTerminatedAsync(bucket, Limit);
        Assert.Single(_journal.Events(StoredAs));
        Assert.Equal(0, _statistics.Running);
    }

    [Fact]
    public async Task A_hand_off_in_the_middle_of_a_checkpoint_waits_for_it_and_makes_one_of_the_rest()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        await WatchAsync(bucket);
        _journal.Hold();
        Ask(bucket, upTo: 5);
        await ApplyAsync(bucket, 5, 6, 1);
        bucket.Tell(StopBucket.Instance);
        await ReachedAsync(bucket);
        _journal.Release();

        Assert.Equal(3, Assert.Single((await PublishAsync()).Rows).Count);
        Assert.Equal(5, (await AnswerAsync<PartitionPersisted>()).Position);
        Assert.Equal(4, Assert.Single((await PublishAsync()).Rows).Count);
        await ExpectTerminatedAsync(bucket, Limit);
        Assert.Equal(2, _journal.Events(StoredAs).Count);
    }

    [Fact]
    public async Task A_hand_off_with_nothing_new_stops_at_once()
    {
        var bucket = await StartAsync(committed: 12);
        await WatchAsync(bucket);

        bucket.Tell(StopBucket.Instance);

        await ExpectTerminatedAsync(bucket, Limit);
        Assert.Equal(0, _journal.Writes);
    }

    [Fact]
    public async Task A_hand_off_while_storage_is_away_stops_without_a_checkpoint()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        await WatchAsync(bucket);
        StorageGoesAway();

        bucket.Tell(StopBucket.Instance);

        await ExpectTerminatedAsync(bucket, Limit);
        Assert.Equal(0, _journal.Writes);
    }

    [Fact]
    public async Task A_hand_off_that_storage_keeps_from_publishing_ends_all_the_same()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        await WatchAsync(bucket);
        bucket.Tell(StopBucket.Instance);
        await _writer.ExpectMsgAsync<WriteResults>(Limit);
        await ReachedAsync(bucket);
        StorageGoesAway();

        Clock.Advance(PublishTimeout);

        await ExpectTerminatedAsync(bucket, Limit);
        Assert.Single(_journal.Events(StoredAs));
    }

    [Fact]
    public async Task A_checkpoint_that_can_t_be_stored_ends_the_bucket_and_is_answered_by_nobody()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        await WatchAsync(bucket);
        _journal.WriteFailure = new InvalidOperationException("The disk is full.");

        Ask(bucket, upTo: 5);

        await ExpectTerminatedAsync(bucket, Limit);
        Assert.Empty(_journal.Events(StoredAs));
        Assert.False(_ingestor.HasMessages);
        Assert.False(_writer.HasMessages);
    }

    [Fact]
    public async Task A_checkpoint_that_the_journal_rejects_ends_the_bucket_too()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        await WatchAsync(bucket);
        _journal.Rejection = new NotSupportedException("It can't be serialized.");

        Ask(bucket, upTo: 5);

        await ExpectTerminatedAsync(bucket, Limit);
        Assert.False(_ingestor.HasMessages);
        Assert.False(_writer.HasMessages);
    }

    [Fact]
    public async Task Of_two_incarnations_only_one_can_store_and_the_other_ends()
    {
        var zombie = await StartAsync();
        var current = await StartAsync();
        await ApplyAsync(zombie, 0, 5, 3);
        await ApplyAsync(current, 0, 5, 3);
        Ask(current, upTo: 5);
        await PublishAsync();
        await AnswerAsync<PartitionPersisted>();
        await WatchAsync(zombie);

        Ask(zombie, upTo: 5);

        await ExpectTerminatedAsync(zombie, Limit);
        Assert.Single(_journal.Events(StoredAs));
        Assert.False(_ingestor.HasMessages);
        Assert.False(_writer.HasMessages);
    }

    [Fact]
    public async Task A_bucket_that_is_told_that_it_was_overtaken_ends_and_answers_nobody()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        await WatchAsync(bucket);
        Ask(bucket, upTo: 5);
        var write = await _writer.ExpectMsgAsync<WriteResults>(Limit);

        _writer.Reply(new ResultsOvertaken(write.Results));

        await ExpectTerminatedAsync(bucket, Limit);
        Assert.False(_ingestor.HasMessages);
    }

    [Fact]
    public async Task A_bucket_that_can_t_recover_ends_and_the_next_one_tries_again()
    {
        await StoreAsync(0, 5, 3);
        _journal.ReplayFailure = new TimeoutException("The database is busy.");
        await WatchAsync(Start());
        await ExpectMsgAsync<Terminated>(Limit);
        _journal.ReplayFailure = null;

        var next = Start();

        Assert.Equal(5, (await OpenAsync(next, committed: 0)).Position);
    }

    [Fact]
    public async Task A_bucket_whose_recovery_did_not_see_every_event_ends_and_the_next_one_tries_again()
    {
        await StoreAsync(0, 5, 3);
        _journal.LoseOnce(events: 2);
        await WatchAsync(Start());
        await ExpectMsgAsync<Terminated>(Limit);

        // It gave its permit to recover back, of which there is one.
        var next = Start();

        Assert.Equal(5, (await OpenAsync(next, committed: 0)).Position);
        await ApplyAsync(next, 5, 6, 1);
        Ask(next, upTo: 6);
        Assert.Equal(4, (await PublishUntilAsync(new StoredCheckpoint(StoredAs, 2))).Rows.Single().Count);
    }

    [Fact]
    public async Task While_storage_is_away_checkpoints_wait_and_counting_goes_on()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        StorageGoesAway();
        Ask(bucket, upTo: 5);
        await ReachedAsync(bucket);
        Clock.Advance(RetryDelay);
        await ApplyAsync(bucket, 5, 6, 1);
        Assert.Equal(0, _journal.Writes);

        StorageComesBack();
        Clock.Advance(RetryDelay);

        Assert.Equal(4, Assert.Single((await PublishAsync()).Rows).Count);
        Assert.Equal(6, (await AnswerAsync<PartitionPersisted>()).Position);
    }

    [Fact]
    public async Task The_timer_of_an_outage_does_not_end_the_wait_for_the_write_after_it()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        StorageGoesAway();
        Ask(bucket, upTo: 5);
        await ReachedAsync(bucket);
        StorageComesBack();
        _journal.Hold();
        Ask(bucket, upTo: 5);
        await Until.TrueAsync(() => _journal.Writes == 1);
        await ApplyAsync(bucket, 5, 6, 1);

        Clock.Advance(RetryDelay);
        await ReachedAsync(bucket);

        Assert.Equal(1, _journal.Writes);
        _journal.Release();
        Assert.Equal(3, Assert.Single((await PublishAsync()).Rows).Count);
        Assert.Equal(5, (await AnswerAsync<PartitionPersisted>()).Position);
    }

    [Fact]
    public async Task Results_that_nobody_confirms_are_sent_again_and_only_the_newest_request_s_answer_counts()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        Ask(bucket, upTo: 5);
        var first = await _writer.ExpectMsgAsync<WriteResults>(Limit);
        await ReachedAsync(bucket);
        Clock.Advance(PublishTimeout);
        var second = await _writer.ExpectMsgAsync<WriteResults>(Limit);
        Assert.Equal(first.Results.Rows, second.Results.Rows);
        Assert.Equal(first.Results.Checkpoint, second.Results.Checkpoint);

        _writer.Reply(new ResultsWritten(first.Results));
        await AssertNothingWasSaidAsync(bucket);
        _writer.Reply(new ResultsWritten(second.Results));

        Assert.Equal(5, (await AnswerAsync<PartitionPersisted>()).Position);
        Assert.Equal(1, _journal.Writes);
    }

    [Fact]
    public async Task An_outage_does_not_heap_requests_up_at_the_writer()
    {
        var bucket = await StartAsync();
        await ApplyAsync(bucket, 0, 5, 3);
        Ask(bucket, upTo: 5);
        var write = await _writer.ExpectMsgAsync<WriteResults>(Limit);
        await ReachedAsync(bucket);
        StorageGoesAway();
        for (var minute = 0; minute < 20; minute++)
        {
            Clock.Advance(PublishTimeout);
            await ReachedAsync(bucket);
        }

        Assert.False(_writer.HasMessages);
        StorageComesBack();
        _writer.Reply(new ResultsWritten(write.Results));
        Assert.Equal(5, (await AnswerAsync<PartitionPersisted>()).Position);
    }

    [Fact]
    public async Task Older_events_are_deleted_only_when_a_complete_checkpoint_has_been_published()
    {
        var bucket = await StartAsync();
        for (var checkpoint = 1; checkpoint < Bucket.CheckpointsPerComplete; checkpoint++)
            await CheckpointAsync(bucket, checkpoint);
        await ApplyAsync(bucket, Bucket.CheckpointsPerComplete - 1, Bucket.CheckpointsPerComplete, 1);
        Ask(bucket, upTo: Bucket.CheckpointsPerComplete);
        var write = await _writer.ExpectMsgAsync<WriteResults>(Limit);
        await ReachedAsync(bucket);
        Assert.Equal(Bucket.CheckpointsPerComplete, _journal.Events(StoredAs).Count);

        _writer.Reply(new ResultsWritten(write.Results));
        await AnswerAsync<PartitionPersisted>();

        await Until.TrueAsync(() => _journal.Events(StoredAs).Count == 1);
        Assert.Equal([Bucket.CheckpointsPerComplete], _journal.Events(StoredAs).Keys);
        await KillAsync(bucket);
        Assert.Equal(Bucket.CheckpointsPerComplete, (await OpenAsync(Start(), committed: 0)).Position);
    }

    [Fact]
    public async Task A_deletion_that_fails_is_made_good_by_the_next_one()
    {
        _journal.DeleteFailure = new InvalidOperationException("It is locked.");
        var bucket = await StartAsync();
        for (var checkpoint = 1; checkpoint <= Bucket.CheckpointsPerComplete; checkpoint++)
            await CheckpointAsync(bucket, checkpoint);
        await CheckpointAsync(bucket, Bucket.CheckpointsPerComplete + 1);
        Assert.Equal(Bucket.CheckpointsPerComplete + 1, _journal.Events(StoredAs).Count);
        _journal.DeleteFailure = null;
        await KillAsync(bucket);

        // A recovered bucket goes on counting its checkpoints from the complete one.
        bucket = await StartAsync();
        for (var checkpoint = 2; checkpoint <= Bucket.CheckpointsPerComplete; checkpoint++)
            await CheckpointAsync(bucket, Bucket.CheckpointsPerComplete + checkpoint);

        await Until.TrueAsync(() => _journal.Events(StoredAs).Count == 1);
        Assert.Equal([2 * Bucket.CheckpointsPerComplete], _journal.Events(StoredAs).Keys);
    }

    [Fact]
    public void A_rollup_that_this_node_does_not_declare_is_refused_with_its_name()
    {
        var failure = Assert.Throws<ArgumentException>(() => _context.RollupOf(new BucketId("viewsByMoon", 3)));

        Assert.Contains("viewsByMoon/3", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Pulse:Rollups", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Running_buckets_are_counted()
    {
        var bucket = await StartAsync();
        Assert.Equal(1, _statistics.Running);

        await KillAsync(bucket);

        Assert.Equal(0, _statistics.Running);
    }

    private IActorRef Start() => Sys.ActorOf(Props.Create(() => new Bucket(Mobile, _context)));

    private async Task<IActorRef> StartAsync(long committed = 0)
    {
        var bucket = Start();
        await OpenAsync(bucket, committed);
        return bucket;
    }

    private async Task<PartitionOpened> OpenAsync(IActorRef bucket, long committed, long session = Session)
    {
        bucket.Tell(new OpenPartition(Mobile, Zero, committed, session), _ingestor);
        return await AnswerAsync<PartitionOpened>();
    }

    private void Send(IActorRef bucket, Delta delta) => bucket.Tell(new ApplyDelta(Mobile, delta, Session), _ingestor);

    private async Task ApplyAsync(IActorRef bucket, long from, long to, long count)
    {
        Send(bucket, Delta(from, to, Drama(Early, count)));
        Assert.Equal(
            new DeltaAccepted(Mobile, Zero, to, Session),
            await _ingestor.FishForMessageAsync<DeltaAccepted>(accepted => accepted.Position == to, Limit));
    }

    private void Ask(IActorRef bucket, long upTo, long session = Session) =>
        bucket.Tell(new PersistPartition(Mobile, Zero, upTo, session), _ingestor);

    private async Task<T> AnswerAsync<T>() => await _ingestor.FishForMessageAsync<T>(_ => true, Limit);

    private async Task<BucketResults> PublishAsync()
    {
        var write = await _writer.ExpectMsgAsync<WriteResults>(Limit);
        _writer.Reply(new ResultsWritten(write.Results));
        return write.Results;
    }

    private async Task<BucketResults> PublishUntilAsync(StoredCheckpoint checkpoint)
    {
        while (true)
        {
            var results = await PublishAsync();
            if (results.Checkpoint == checkpoint)
                return results;
        }
    }

    private async Task CheckpointAsync(IActorRef bucket, long number)
    {
        await ApplyAsync(bucket, number - 1, number, 1);
        Ask(bucket, upTo: number);
        await PublishUntilAsync(new StoredCheckpoint(StoredAs, number));
        await AnswerAsync<PartitionPersisted>();
    }

    private async Task StoreAsync(long from, long to, long count)
    {
        var bucket = await StartAsync(from);
        await ApplyAsync(bucket, from, to, count);
        Ask(bucket, upTo: to);
        await PublishAsync();
        await AnswerAsync<PartitionPersisted>();
        await KillAsync(bucket);
    }

    private async Task KillAsync(IActorRef bucket)
    {
        await WatchAsync(bucket);
        bucket.Tell(Kill.Instance);
        await ExpectTerminatedAsync(bucket, Limit);
    }

    /// <summary>Everything sent to the bucket so far has been handled.</summary>
    private async Task ReachedAsync(IActorRef bucket)
    {
        var probe = CreateTestProbe();
        bucket.Tell(new Identify(null), probe);
        await probe.ExpectMsgAsync<ActorIdentity>(Limit);
    }

    private async Task AssertNothingWasSaidAsync(IActorRef bucket)
    {
        await ReachedAsync(bucket);
        Assert.False(_ingestor.HasMessages);
    }

    private void StorageGoesAway() => _availability.Failed(StorageActivity.Pinging, "It is away.");

    private void StorageComesBack() => _availability.Succeeded(StorageActivity.Pinging);
}
