using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Pulse.Actors.Buckets;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Events;
using static Pulse.Actors.Tests.Counting.CountingExamples;

namespace Pulse.Actors.Tests.Buckets;

/// <summary>The bucket in virtual time, between the writer of its node and a session's outbox, which are probes.</summary>
public sealed class BucketTests : TestKit
{
    private static readonly VersionDigest Version = new(7);
    private static readonly SessionId Session = new(5, 1);
    private static readonly CheckpointId First = new(Guid.NewGuid());
    private static readonly RollupKey TvDrama = new("TV", "Drama");

    private readonly TestProbe _writer;
    private readonly TestProbe _outbox;
    private readonly TestProbe _watch;
    private readonly StorageAvailability _storage = new();
    private readonly BucketStatistics _statistics = new();
    private readonly LiveBuckets _live = new();
    private readonly BucketContext _context;

    public BucketTests()
        : base(VirtualTime.Configuration)
    {
        _writer = CreateTestProbe("writer");
        _outbox = CreateTestProbe("outbox");
        _watch = CreateTestProbe("watch");
        _context = new BucketContext(
            RollupCatalog.Default, [new CountedVersion(ByDeviceGenre.Name, Version, ByDeviceGenre.Buckets)], _writer, _storage, _statistics)
        {
            LiveBuckets = _live,
            Watch = _watch,
        };
    }

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task It_takes_its_row_over_and_answers_from_there_who_asked_meanwhile()
    {
        var bucket = Start();
        Ask(bucket);
        var takeover = await _writer.ExpectMsgAsync<TakeoverWanted>();

        bucket.Tell(new TakeoverEnded(takeover.Attempt, Row("stream 7@2")));

        var answer = Assert.Single((await _outbox.ExpectMsgAsync<BucketReplies>()).Answers);
        Assert.Equal((AnswerKind.Position, new LogPosition(7, 2), Session), (answer.Kind, answer.Position, answer.Session));
        Assert.Equal(1, _statistics.Running);
    }

    [Fact]
    public async Task A_takeover_without_an_answer_is_asked_for_again()
    {
        var bucket = Start();
        var first = await _writer.ExpectMsgAsync<TakeoverWanted>();

        bucket.Tell(new TakeoverEnded(first.Attempt, null));

        Assert.NotEqual(first.Attempt, (await _writer.ExpectMsgAsync<TakeoverWanted>()).Attempt);
    }

    [Fact]
    public async Task With_a_row_that_can_not_be_used_it_stands_still_and_goes_on_by_itself_when_the_row_is_mended()
    {
        var bucket = Start();
        bucket.Tell(new TakeoverEnded((await _writer.ExpectMsgAsync<TakeoverWanted>()).Attempt, null, "It has no row."));
        await _watch.ExpectMsgAsync<BucketStandsStill>();
        Assert.Equal([new StandingBucket(Mobile.EntityId, "It has no row.")], _statistics.Standing);
        Ask(bucket);
        await ReachedAsync(bucket);
        Clock.Advance(TimeSpan.FromSeconds(4));
        await ReachedAsync(bucket);
        await _writer.ExpectNoMsgAsync(TimeSpan.Zero);

        Clock.Advance(TimeSpan.FromSeconds(1));
        bucket.Tell(new TakeoverEnded((await _writer.ExpectMsgAsync<TakeoverWanted>()).Attempt, null, "It has no row."));
        await ReachedAsync(bucket);
        Clock.Advance(TimeSpan.FromSeconds(5));
        Ask(bucket);
        bucket.Tell(new TakeoverEnded((await _writer.ExpectMsgAsync<TakeoverWanted>()).Attempt, Row("stream 7@2")));

        // Nothing in between: that it still stands is no news.
        Assert.Equal(Mobile, (await _watch.ExpectMsgAsync<BucketGoesOn>()).Bucket);
        Assert.Equal(7, Assert.Single((await _outbox.ExpectMsgAsync<BucketReplies>()).Answers).Position.Offset);
        Assert.Null(_statistics.Problem);
    }

    [Fact]
    public async Task A_bucket_that_stands_still_can_leave_the_node_and_is_no_concern_of_it_then()
    {
        var bucket = Watch(Start());
        bucket.Tell(new TakeoverEnded((await _writer.ExpectMsgAsync<TakeoverWanted>()).Attempt, null, "It has no row."));
        await _watch.ExpectMsgAsync<BucketStandsStill>();

        bucket.Tell(StopBucket.Instance);

        await ExpectTerminatedAsync(bucket);
        Assert.Empty(_statistics.Standing);
    }

    [Fact]
    public async Task What_is_refused_stands_apart_until_the_database_takes_it_and_nobody_waits_for_it()
    {
        var bucket = await StartedAsync();
        await AppliedAsync(bucket, Delta(0, 5, 3));
        bucket.Tell(CheckpointDue.Instance);
        var statement = await StatementAsync();
        await AppliedAsync(bucket, Delta(5, 9, 1));
        bucket.Tell(new StatementEnded(statement, StatementOutcome.Refused(new StorageException("No Drama."))));

        await _watch.ExpectMsgAsync<BucketStandsApart>();
        var apart = Assert.Single(_statistics.Apart);
        Assert.Equal((ByDeviceGenre.Name, Mobile.EntityId), (apart.Rollup, Assert.Single(apart.Buckets)));
        Assert.Equal($"Rollup {Mobile.Rollup} stands apart: what bucket {Mobile} has to store is refused. No Drama.", _statistics.ApartProblem);
        Assert.Null(_statistics.Problem);
        Bring(bucket, Delta(9, 12, 1));
        var answer = Assert.Single((await _outbox.ExpectMsgAsync<BucketReplies>()).Answers);
        Assert.Equal((AnswerKind.Apart, 5L, 0L), (answer.Kind, answer.Position.Offset, answer.Stored.Offset));

        await ReachedAsync(bucket);
        Clock.Advance(TimeSpan.FromSeconds(5));
        bucket.Tell(new LookEnded((await LookAsync()).Look, WasRead: true, First));
        Assert.Same(statement, await StatementAsync());
        bucket.Tell(new StatementEnded(statement, StatementOutcome.Stored([])));

        await _watch.ExpectMsgAsync<BucketTakesPart>();
        Assert.Empty(_statistics.Apart);
        await AppliedAsync(bucket, Delta(5, 9, 1));
    }

    [Fact]
    public async Task A_bucket_that_stands_apart_can_leave_the_node_and_is_no_concern_of_it_then()
    {
        var bucket = Watch(await StartedAsync());
        await AppliedAsync(bucket, Delta(0, 5, 3));
        bucket.Tell(CheckpointDue.Instance);
        bucket.Tell(new StatementEnded(await StatementAsync(), StatementOutcome.Refused(new StorageException("No Drama."))));
        await _watch.ExpectMsgAsync<BucketStandsApart>();

        bucket.Tell(StopBucket.Instance);

        await ExpectTerminatedAsync(bucket);
        Assert.Empty(_statistics.Apart);
    }

    [Fact]
    public async Task A_delta_is_applied_answered_and_counted_in_the_statistics()
    {
        var bucket = await StartedAsync();

        Bring(bucket, Delta(0, 5, 3) with { Balance = new Balance(3, 1, 0, 0, 5) });

        var answer = Assert.Single((await _outbox.ExpectMsgAsync<BucketReplies>()).Answers);
        Assert.Equal((AnswerKind.Applied, 5L, 0L), (answer.Kind, answer.Position.Offset, answer.Stored.Offset));
        var counted = Assert.Single(_statistics.Rollups);
        Assert.Equal((3, 1), (counted.Counted, counted.Late));

        Bring(bucket, Delta(0, 5, 3));
        Assert.Equal(AnswerKind.Held, Assert.Single((await _outbox.ExpectMsgAsync<BucketReplies>()).Answers).Kind);
        Assert.Equal(3, counted.Counted);
    }

    [Fact]
    public async Task Questions_deltas_and_empty_deltas_of_one_message_are_answered_in_one()
    {
        var bucket = await StartedAsync();

        bucket.Tell(
            new BucketRequests(
                Mobile, Version, [new PositionQuestion(One, Session)], [new SessionDelta(Session, Delta(0, 5, 3))],
                [new EmptyDelta(Zero, Session, At(5), At(9)), new EmptyDelta(One, Session, At(0), At(4))]),
            _outbox);

        Assert.Equal(
            [(One, AnswerKind.Position, 0L), (Zero, AnswerKind.Applied, 5), (Zero, AnswerKind.Applied, 9), (One, AnswerKind.Applied, 4)],
            (await _outbox.ExpectMsgAsync<BucketReplies>()).Answers.Select(each => (each.Partition, each.Kind, each.Position.Offset)));
    }

    [Fact]
    public async Task A_checkpoint_that_is_due_is_stored_by_one_statement_that_follows_on_the_row()
    {
        var bucket = await StartedAsync();
        await AppliedAsync(bucket, Delta(0, 5, 3));

        bucket.Tell(CheckpointDue.Instance);

        var statement = await StatementAsync();
        Assert.Equal((Mobile, First), (statement.Bucket, statement.Previous));
        Assert.Equal([new KeyCount(MobileDrama, Early, 3)], statement.Counts);
        Assert.Equal($"{Zero.Stream} 5", statement.Positions);

        await AppliedAsync(bucket, Delta(5, 8, 2));
        bucket.Tell(new StatementEnded(statement, StatementOutcome.Stored([])));
        bucket.Tell(CheckpointDue.Instance);
        var second = await StatementAsync();
        Assert.Equal(statement.Next, second.Previous);
        Assert.Equal([new KeyCount(MobileDrama, Early, 2)], second.Counts);
    }

    [Fact]
    public async Task A_statement_of_unknown_outcome_is_resolved_by_the_row_and_sent_again_as_it_was()
    {
        var bucket = await StartedAsync();
        await AppliedAsync(bucket, Delta(0, 5, 3));
        bucket.Tell(CheckpointDue.Instance);
        var statement = await StatementAsync();

        bucket.Tell(new StatementEnded(statement, StatementOutcome.Unknown(new StorageException("It is away."))));
        var unread = await LookAsync();
        bucket.Tell(new LookEnded(unread.Look, WasRead: false, null));
        var look = await LookAsync();
        bucket.Tell(new LookEnded(look.Look, WasRead: true, First));

        Assert.Same(statement, await StatementAsync());
        bucket.Tell(new StatementEnded(statement, StatementOutcome.NotStored));
        look = await LookAsync();
        bucket.Tell(new LookEnded(look.Look, WasRead: true, statement.Next));
        Bring(bucket, new Delta(Zero, Version, At(0), At(5), default, [], []));
        Assert.Equal(5, Assert.Single((await _outbox.ExpectMsgAsync<BucketReplies>()).Answers).Stored.Offset);
    }

    [Fact]
    public async Task A_bucket_with_nothing_to_store_looks_at_its_row_and_ends_where_somebody_else_wrote_it()
    {
        var bucket = Watch(await StartedAsync());
        bucket.Tell(LookDue.Instance);
        var look = await LookAsync();
        bucket.Tell(new LookEnded(look.Look, WasRead: true, First));
        bucket.Tell(CheckpointDue.Instance);
        look = await LookAsync();

        bucket.Tell(new LookEnded(look.Look, WasRead: true, new CheckpointId(Guid.NewGuid())));

        await ExpectTerminatedAsync(bucket);
        Assert.Equal(0, _statistics.Running);
        Assert.Equal(Mobile, (await _watch.ExpectMsgAsync<BucketOvertaken>()).Bucket);
    }

    [Fact]
    public async Task With_very_many_changed_cells_it_asks_for_a_checkpoint_of_its_own()
    {
        var bucket = await StartedAsync();
        var many = Enumerable.Range(0, CheckpointLimits.Default.EarlyCheckpointCells)
            .Select(number => new KeyCount(new RollupKey("TV", $"genre {number}"), Early, 1)).ToArray();

        Bring(bucket, new Delta(Zero, Version, At(0), At(many.Length), default, many, []));

        Assert.Equal(many.Length, (await StatementAsync()).Counts.Count);
    }

    [Fact]
    public async Task Asked_to_stop_it_stores_what_it_has_and_ends_then()
    {
        var bucket = Watch(await StartedAsync());
        await AppliedAsync(bucket, Delta(0, 5, 3));

        bucket.Tell(StopBucket.Instance);
        var statement = await StatementAsync();
        await ReachedAsync(bucket);
        bucket.Tell(new StatementEnded(statement, StatementOutcome.Stored([])));

        await ExpectTerminatedAsync(bucket);
    }

    [Fact]
    public async Task Asked_to_stop_while_storage_is_away_it_ends_and_the_next_incarnation_counts_again()
    {
        var bucket = Watch(await StartedAsync());
        await AppliedAsync(bucket, Delta(0, 5, 3));
        bucket.Tell(StopBucket.Instance);
        await StatementAsync();
        _storage.Failed(StorageActivity.Writing, "It is away.");

        await ReachedAsync(bucket);
        Clock.Advance(TimeSpan.FromSeconds(1));

        await ExpectTerminatedAsync(bucket);
    }

    [Fact]
    public async Task Pages_are_shown_a_cell_and_its_window_s_total_once_the_stored_counts_were_read()
    {
        var bucket = await StartedAsync();
        await AppliedAsync(bucket, Delta(0, 5, 3));
        var wanted = await CellsAsync();
        Assert.Contains((MobileDrama, Early), wanted.Cells);
        Assert.False(_live.TryTake(out _));

        var cells = new CellsOfBucket(Mobile, First, wanted.Cells);
        cells.Add(new KeyCount(MobileDrama, Early, 40));
        cells.Add(new KeyCount(TvDrama, Early, 2));
        bucket.Tell(new CellsEnded(cells));
        await AppliedAsync(bucket, Delta(5, 6, 1));

        Assert.True(_live.TryTake(out var changes));
        var window = Assert.Single(changes.Take(10).Counts.Windows);
        Assert.Equal(46, window.Total);
        Assert.Equal([new KeyTotal(MobileDrama, 44)], window.Keys);
    }

    [Fact]
    public async Task Cells_that_could_not_be_read_are_asked_for_again()
    {
        var bucket = await StartedAsync();
        await AppliedAsync(bucket, Delta(0, 5, 3));
        await CellsAsync();

        bucket.Tell(new CellsEnded(null));

        await CellsAsync();
    }

    [Fact]
    public async Task What_is_not_stored_is_told_again_to_pages_that_ask()
    {
        var bucket = await StartedAsync();
        await AppliedAsync(bucket, Delta(0, 5, 3));
        bucket.Tell(new CellsEnded(new CellsOfBucket(Mobile, First, (await CellsAsync()).Cells)));
        await ReachedAsync(bucket);
        Assert.True(_live.TryTake(out var changes));
        changes.Take(10);

        bucket.Tell(ShowUnstored.Instance);
        await ReachedAsync(bucket);

        Assert.True(_live.TryTake(out changes));
        Assert.Equal([new KeyTotal(MobileDrama, 3)], Assert.Single(changes.Take(10).Counts.Windows).Keys);
    }

    [Fact]
    public async Task What_a_bucket_has_not_stored_is_the_node_s_until_it_is_gone()
    {
        var bucket = await StartedAsync();
        await AppliedAsync(bucket, Delta(0, 5, 3));
        Assert.InRange(_statistics.Unstored.Bytes, CheckpointLimits.BytesPerCell, 2 * CheckpointLimits.BytesPerCell);

        Watch(bucket);
        bucket.Tell(PoisonPill.Instance);
        await ExpectTerminatedAsync(bucket);

        Assert.Equal(0, _statistics.Unstored.Bytes);
    }

    [Fact]
    public async Task A_node_that_fills_tells_so()
    {
        var bucket = await StartedAsync();
        var others = _statistics.Unstored.MaximumBytes - 1;
        _statistics.Unstored.Add(others);

        await AppliedAsync(bucket, Delta(0, 5, 3));

        await _watch.FishForMessageAsync<MemoryFillsOrEmpties>(_ => true);
        Assert.StartsWith("What is counted and not stored fills the ", _statistics.FullProblem, StringComparison.Ordinal);
        _statistics.Unstored.Add(-others);
        bucket.Tell(LookDue.Instance);
        await _watch.FishForMessageAsync<MemoryFillsOrEmpties>(_ => true);
        Assert.Null(_statistics.FullProblem);
    }

    [Fact]
    public async Task What_a_full_bucket_does_not_take_is_not_said_to_be_counted()
    {
        var bucket = await StartedAsync();
        var filling = Delta(0, 5, 3) with
        {
            Balance = new Balance(100_000, 0, 0, 0, 100_000),
            Counts = [.. Enumerable.Range(0, CheckpointLimits.Default.MaximumUnstoredCells)
                .Select(number => new KeyCount(new RollupKey("TV", $"Drama {number}"), Early, 1))],
        };
        var next = Delta(5, 6, 1) with { Balance = new Balance(1, 0, 0, 0, 1) };

        bucket.Tell(
            new BucketRequests(Mobile, Version, [], [new SessionDelta(Session, filling), new SessionDelta(Session, next)], []), _outbox);

        Assert.Equal(5, Assert.Single((await _outbox.ExpectMsgAsync<BucketReplies>()).Answers).Position.Offset);
        Assert.Equal(100_000, Assert.Single(_statistics.Rollups).Counted);
    }

    [Fact]
    public async Task A_topic_that_was_made_again_makes_it_forget_the_old_stream_s_deltas_and_take_over_anew()
    {
        var bucket = await StartedAsync();
        await AppliedAsync(bucket, Delta(0, 5, 3));
        Ask(bucket, ZeroMadeAgain);
        await _outbox.ExpectMsgAsync<BucketReplies>();

        bucket.Tell(CheckpointDue.Instance);
        bucket.Tell(new StreamConfirmed((await ConfirmAsync()).Frozen, ZeroMadeAgain.Stream));

        var takeover = await _writer.FishForMessageAsync<TakeoverWanted>(_ => true);
        bucket.Tell(new TakeoverEnded(takeover.Attempt, Row("")));
        Bring(bucket, Delta(0, 5, 3));
        Assert.Equal(AnswerKind.OldStream, Assert.Single((await _outbox.ExpectMsgAsync<BucketReplies>()).Answers).Kind);
    }

    [Fact]
    public async Task What_is_frozen_is_not_stored_before_its_stream_is_confirmed_and_is_asked_for_until_it_is()
    {
        var bucket = await StartedAsync();
        await AppliedAsync(bucket, Delta(0, 5, 3));
        bucket.Tell(CheckpointDue.Instance);
        var first = await ConfirmAsync();

        bucket.Tell(new StreamConfirmed(first.Frozen, null));
        var second = await ConfirmAsync();
        // What comes meanwhile waits for the checkpoint after this one.
        await AppliedAsync(bucket, Delta(5, 8, 2));
        bucket.Tell(new StreamConfirmed(new CheckpointId(Guid.NewGuid()), Zero.Stream));
        await ReachedAsync(bucket);
        NothingIsStored();
        bucket.Tell(new StreamConfirmed(second.Frozen, Zero.Stream));

        Assert.Equal(first.Frozen, second.Frozen);
        var statement = await StatementAsync();
        Assert.Equal((first.Frozen, $"{Zero.Stream} 5"), (statement.Next, statement.Positions));
    }

    [Fact]
    public async Task Where_another_cluster_answers_it_ends_and_nothing_of_its_memory_is_stored()
    {
        var bucket = Watch(await StartedAsync());
        await AppliedAsync(bucket, Delta(0, 5, 3));
        bucket.Tell(CheckpointDue.Instance);

        bucket.Tell(new StreamConfirmed((await ConfirmAsync()).Frozen, null, IsRefused: true));

        await ExpectTerminatedAsync(bucket);
        NothingIsStored();
    }

    [Fact]
    public async Task Asked_to_stop_while_nobody_confirms_the_stream_it_ends_and_the_next_incarnation_counts_again()
    {
        var bucket = Watch(await StartedAsync());
        await AppliedAsync(bucket, Delta(0, 5, 3));
        bucket.Tell(StopBucket.Instance);
        await ConfirmAsync();
        _statistics.Unconfirmed = "Kafka does not answer.";

        await ReachedAsync(bucket);
        Clock.Advance(TimeSpan.FromSeconds(1));

        await ExpectTerminatedAsync(bucket);
    }

    [Fact]
    public async Task A_bucket_that_fails_ends_for_its_row_is_right_and_its_memory_may_not_be()
    {
        var bucket = Watch(await StartedAsync());

        bucket.Tell(new StatementEnded(null!, StatementOutcome.NotStored));

        await ExpectTerminatedAsync(bucket);
    }

    [Fact]
    public void A_rollup_that_this_node_does_not_declare_is_refused_with_its_name()
    {
        var failure = Assert.Throws<ArgumentException>(() => _context.RollupOf(new BucketId("viewsByMoon", 3)));

        Assert.Contains("viewsByMoon/3", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Pulse:Rollups", failure.Message, StringComparison.Ordinal);
    }

    private static LogPosition At(long offset) => new(offset, LogPosition.UnknownEpoch);

    private static Delta Delta(long from, long to, long count) => new(
        Zero, Version, At(from), At(to), default, [new KeyCount(MobileDrama, Early, count)], []);

    private static BucketRow Row(string positions) => new(First, 1, positions, default);

    private IActorRef Start() => Sys.ActorOf(Props.Create(() => new Bucket(Mobile, _context)));

    private async Task<IActorRef> StartedAsync()
    {
        var bucket = Start();
        var takeover = await _writer.ExpectMsgAsync<TakeoverWanted>();
        bucket.Tell(new TakeoverEnded(takeover.Attempt, Row("")));
        return bucket;
    }

    private void Ask(IActorRef bucket, StreamPartition? partition = null) => bucket.Tell(
        new BucketRequests(Mobile, Version, [new PositionQuestion(partition ?? Zero with { Stream = "stream" }, Session)], [], []), _outbox);

    private void Bring(IActorRef bucket, Delta delta) => bucket.Tell(
        new BucketRequests(Mobile, Version, [], [new SessionDelta(Session, delta)], []), _outbox);

    private async Task AppliedAsync(IActorRef bucket, Delta delta)
    {
        Bring(bucket, delta);
        Assert.Equal(AnswerKind.Applied, Assert.Single((await _outbox.ExpectMsgAsync<BucketReplies>()).Answers).Kind);
    }

    // Cells are read in the background, so a question for them can come at any time.
    private async Task<CheckpointStatement> StatementAsync()
    {
        while (true)
        {
            switch (await _writer.FishForMessageAsync<ICheckpointRequest>(each => each is ConfirmWanted or StoreWanted))
            {
                case ConfirmWanted confirm:
                    _writer.LastSender.Tell(new StreamConfirmed(confirm.Frozen, Zero.Stream));
                    break;
                case StoreWanted store:
                    return store.Statement;
            }
        }
    }

    private void NothingIsStored()
    {
        while (_writer.HasMessages)
            Assert.IsNotType<StoreWanted>(_writer.ReceiveOne(TimeSpan.Zero));
    }

    private async Task<ConfirmWanted> ConfirmAsync() => await _writer.FishForMessageAsync<ConfirmWanted>(_ => true);

    private async Task<LookWanted> LookAsync() => await _writer.FishForMessageAsync<LookWanted>(_ => true);

    private async Task<CellsWanted> CellsAsync() => await _writer.FishForMessageAsync<CellsWanted>(_ => true);

    private static async Task ReachedAsync(IActorRef bucket) => await bucket.Ask<ActorIdentity>(new Identify(null));
}
