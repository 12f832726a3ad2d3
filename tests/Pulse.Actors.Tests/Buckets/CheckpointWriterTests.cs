using System.Globalization;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Pulse.Actors.Buckets;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using static Pulse.Actors.Tests.Counting.CountingExamples;

namespace Pulse.Actors.Tests.Buckets;

/// <summary>The writer in virtual time, over a store that answers when the test wants it to.</summary>
public sealed class CheckpointWriterTests : TestKit
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly SteeredCheckpoints _store = new();
    private readonly StorageAvailability _storage = new();
    private readonly BucketStatistics _statistics = new();
    private readonly LiveBuckets _buckets = new();
    private readonly TestProbe _mobile;
    private readonly TestProbe _tablet;
    private readonly BucketChanges _changes;
    private readonly IActorRef _writer;

    public CheckpointWriterTests()
        : base(VirtualTime.Configuration)
    {
        _mobile = CreateTestProbe("mobile");
        _tablet = CreateTestProbe("tablet");
        _changes = new BucketChanges(Mobile, _buckets);
        _buckets.Add(Mobile, _mobile, _changes);
        _buckets.Add(Tablet, _tablet, new BucketChanges(Tablet, _buckets));
        var context = new CheckpointWriterContext(_buckets, _storage, _statistics, Longest, _ => ByDeviceGenre);
        _writer = Sys.ActorOf(Props.Create(() => new CheckpointWriter(_store, context)));
    }

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task What_comes_up_while_a_question_is_under_way_is_asked_together_afterwards()
    {
        _writer.Tell(new TakeoverWanted(Mobile, 1), _mobile);
        var first = await _store.NextAsync();
        _writer.Tell(new TakeoverWanted(Tablet, 4), _tablet);
        _writer.Tell(new TakeoverWanted(Mobile, 2), _mobile);
        await ReachedAsync();
        first.Answer();

        Assert.Equal(1, (await _mobile.ExpectMsgAsync<TakeoverEnded>()).Attempt);
        var second = await _store.NextAsync();
        Assert.Equal([Tablet, Mobile], second.Buckets);
        second.Answer();
        Assert.Equal(4, (await _tablet.ExpectMsgAsync<TakeoverEnded>()).Attempt);
        Assert.NotNull((await _mobile.ExpectMsgAsync<TakeoverEnded>()).Row);
    }

    [Fact]
    public async Task Statements_of_all_buckets_go_together_and_each_hears_its_own_outcome()
    {
        _writer.Tell(new LookWanted(Mobile, 1), _mobile);
        var look = await _store.NextAsync();
        _writer.Tell(Store(Mobile), _mobile);
        var held = await _store.NextAsync();
        _writer.Tell(Store(Mobile), _mobile);
        _writer.Tell(Store(Tablet), _tablet);
        await ReachedAsync();
        held.Answer();
        look.Answer();
        Assert.Equal(StatementResult.Stored, (await _mobile.FishForMessageAsync<StatementEnded>(_ => true)).Outcome.Result);

        var together = await _store.NextAsync();
        Assert.Equal([Mobile, Tablet], together.Buckets);
        together.AnswerOutcomes(StatementOutcome.NotStored, StatementOutcome.Stored([]));

        Assert.Equal(StatementResult.Stored, (await _tablet.ExpectMsgAsync<StatementEnded>()).Outcome.Result);
        Assert.Equal(StatementResult.NotStored, (await _mobile.FishForMessageAsync<StatementEnded>(_ => true)).Outcome.Result);
        Assert.Equal(2, _statistics.Checkpoints);
    }

    [Fact]
    public async Task A_failure_is_answered_after_a_while_and_told_once_for_the_node()
    {
        _writer.Tell(Store(Mobile), _mobile);
        (await _store.NextAsync()).AnswerOutcomes(StatementOutcome.Unknown(new StorageException("The disk is full.", isTransient: true)));
        await Until.TrueAsync(() => !_storage.IsAvailable);
        await ReachedAsync();
        await _mobile.ExpectNoMsgAsync(TimeSpan.Zero);

        Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(StatementResult.Unknown, (await _mobile.FishForMessageAsync<StatementEnded>(_ => true)).Outcome.Result);
        _writer.Tell(Store(Mobile), _mobile);
        (await _store.NextAsync()).Answer();
        await Until.TrueAsync(() => _storage.IsAvailable);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whatever_a_question_fails_of_the_bucket_hears_that_it_has_no_answer(bool isStorage)
    {
        Exception failure = isStorage ? new StorageException("It is away.") : new InvalidOperationException("A mistake.");
        _writer.Tell(new TakeoverWanted(Mobile, 1), _mobile);
        (await _store.NextAsync()).Fail(failure);
        _writer.Tell(new LookWanted(Mobile, 2), _mobile);
        (await _store.NextAsync()).Fail(failure);
        _writer.Tell(new CellsWanted(Mobile, [(MobileDrama, Early)]), _mobile);
        (await _store.NextAsync()).Fail(failure);
        _writer.Tell(Store(Mobile), _mobile);
        (await _store.NextAsync()).Fail(failure);

        var answers = new List<object>();
        await Until.TrueAsync(() =>
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            while (_mobile.HasMessages)
            {
                if (_mobile.ReceiveOne(TimeSpan.Zero) is not (CheckpointDue or LookDue) and var answer)
                    answers.Add(answer);
            }

            return answers.Count == 4;
        });
        Assert.Null(answers.OfType<TakeoverEnded>().Single().Row);
        Assert.False(answers.OfType<LookEnded>().Single().WasRead);
        Assert.Null(answers.OfType<CellsEnded>().Single().Cells);
        Assert.Equal(StatementResult.Unknown, answers.OfType<StatementEnded>().Single().Outcome.Result);
    }

    [Theory]
    [InlineData(null, "Bucket {0} has no row in table pulse_bucket. Restore the whole database from a backup.")]
    [InlineData("stream seven", "The positions of bucket {0} in table pulse_bucket can't be read: Line 1, partition 0: 'seven'")]
    public async Task A_row_that_can_not_be_used_is_the_matter_of_its_bucket_alone(string? positions, string expected)
    {
        _store.Wrong = (Mobile, positions);
        _writer.Tell(new LookWanted(Mobile, 1), _mobile);
        await _store.NextAsync();
        _writer.Tell(new TakeoverWanted(Mobile, 1), _mobile);
        var first = await _store.NextAsync();
        _writer.Tell(new TakeoverWanted(Mobile, 2), _mobile);
        _writer.Tell(new TakeoverWanted(Tablet, 1), _tablet);
        await ReachedAsync();
        first.Answer();

        Assert.StartsWith(
            string.Format(CultureInfo.InvariantCulture, expected, Mobile), (await _mobile.FishForMessageAsync<TakeoverEnded>(_ => true)).Problem, StringComparison.Ordinal);
        (await _store.NextAsync()).Answer();

        var (mobile, tablet) = (await _mobile.ExpectMsgAsync<TakeoverEnded>(), await _tablet.ExpectMsgAsync<TakeoverEnded>());
        Assert.Equal((null, true), (mobile.Row, mobile.Problem is not null));
        Assert.Equal((true, null), (tablet.Row is not null, tablet.Problem));
        Assert.True(_storage.IsAvailable);
    }

    [Fact]
    public async Task Checkpoints_of_all_buckets_are_due_every_two_seconds_while_few_cells_change()
    {
        await ReachedAsync();
        Clock.Advance(TimeSpan.FromSeconds(1.75));
        await ReachedAsync();
        await _mobile.ExpectNoMsgAsync(TimeSpan.Zero);

        Clock.Advance(TimeSpan.FromSeconds(0.25));

        await _mobile.ExpectMsgAsync<CheckpointDue>();
        await _tablet.ExpectMsgAsync<CheckpointDue>();
    }

    [Fact]
    public async Task With_many_changed_cells_checkpoints_are_due_less_often()
    {
        await ReachedAsync();
        _changes.ChangedCells = 4_000;

        Clock.Advance(TimeSpan.FromSeconds(2));
        await ReachedAsync();
        await _mobile.ExpectNoMsgAsync(TimeSpan.Zero);
        Clock.Advance(TimeSpan.FromSeconds(2));

        await _mobile.ExpectMsgAsync<CheckpointDue>();
    }

    [Fact]
    public async Task No_checkpoint_is_due_while_the_last_one_is_being_stored()
    {
        await ReachedAsync();
        _writer.Tell(Store(Mobile), _mobile);
        var storing = await _store.NextAsync();

        Clock.Advance(TimeSpan.FromSeconds(4));
        await ReachedAsync();
        Assert.IsNotType<CheckpointDue>(_tablet.HasMessages ? _tablet.ReceiveOne(TimeSpan.Zero) : null);
        storing.Answer();
        await _mobile.FishForMessageAsync<StatementEnded>(_ => true);

        Clock.Advance(TimeSpan.FromSeconds(90));
        await _tablet.FishForMessageAsync<CheckpointDue>(_ => true);
    }

    [Fact]
    public async Task Time_in_which_the_database_does_not_answer_puts_no_checkpoint_off()
    {
        await ReachedAsync();
        _writer.Tell(Store(Mobile), _mobile);
        var storing = await _store.NextAsync();
        Clock.Advance(TimeSpan.FromSeconds(10));
        storing.AnswerOutcomes(StatementOutcome.Unknown(new StorageException("It did not answer in time.", isTransient: true)));
        await Until.TrueAsync(() => !_storage.IsAvailable);
        await ReachedAsync();

        Clock.Advance(TimeSpan.FromSeconds(5));
        await _mobile.FishForMessageAsync<StatementEnded>(_ => true);
        Clock.Advance(TimeSpan.FromSeconds(2));

        await _tablet.FishForMessageAsync<CheckpointDue>(_ => true);
    }

    [Fact]
    public async Task Every_five_seconds_buckets_look_at_their_rows()
    {
        await ReachedAsync();
        Clock.Advance(TimeSpan.FromSeconds(5));

        await _tablet.FishForMessageAsync<LookDue>(_ => true);
    }

    private static StoreWanted Store(BucketId bucket) => new(
        new CheckpointStatement(bucket, new CheckpointId(Guid.NewGuid()), new CheckpointId(Guid.NewGuid()), "", default, [], []), WantsCounts: false);

    private async Task ReachedAsync() => await _writer.Ask<ActorIdentity>(new Identify(null));
}
