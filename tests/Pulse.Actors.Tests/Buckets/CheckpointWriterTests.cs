using System.Globalization;
using System.Threading.Channels;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Pulse.Actors.Buckets;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Storage.Streams;
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
    private readonly Channel<TaskCompletionSource<string>> _streamQuestions = Channel.CreateUnbounded<TaskCompletionSource<string>>();

    public CheckpointWriterTests()
        : base(VirtualTime.Configuration.Replace("akka.loglevel = WARNING\nakka.loggers = []", "akka.loglevel = INFO", StringComparison.Ordinal))
    {
        _mobile = CreateTestProbe("mobile");
        _tablet = CreateTestProbe("tablet");
        _changes = new BucketChanges(Mobile, _buckets);
        _buckets.Add(Mobile, _mobile, _changes);
        _buckets.Add(Tablet, _tablet, new BucketChanges(Tablet, _buckets));
        var context = new CheckpointWriterContext(_buckets, _storage, _statistics, Longest, _ => ByDeviceGenre, _ => AskStream());
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

    [Fact]
    public async Task What_is_refused_is_answered_at_once_and_is_no_outage()
    {
        _writer.Tell(Store(Mobile), _mobile);

        (await _store.NextAsync()).AnswerOutcomes(StatementOutcome.Refused(new StorageException("No Drama.")));

        Assert.Equal(StatementResult.Refused, (await _mobile.FishForMessageAsync<StatementEnded>(_ => true)).Outcome.Result);
        Assert.True(_storage.IsAvailable);
        Assert.Equal(1, _statistics.FailedStatements);
    }

    [Fact]
    public async Task A_fault_of_its_own_is_published_and_is_no_outage()
    {
        var probe = CreateTestProbe();
        Sys.EventStream.Subscribe(probe, typeof(OwnFault));
        _writer.Tell(Store(Mobile), _mobile);
        (await _store.NextAsync()).Fail(new ArgumentOutOfRangeException("value", "A window that no calendar holds."));

        var fault = await probe.ExpectMsgAsync<OwnFault>();

        Assert.StartsWith("Storing checkpoints failed by a fault of Pulse itself (ArgumentOutOfRangeException: A window that", fault.Message, StringComparison.Ordinal);
        Assert.True(_storage.IsAvailable);
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
    public async Task What_is_refused_again_and_again_puts_no_checkpoint_off()
    {
        await ReachedAsync();
        _writer.Tell(Store(Mobile), _mobile);
        var storing = await _store.NextAsync();
        Clock.Advance(TimeSpan.FromSeconds(1));
        storing.AnswerOutcomes(StatementOutcome.Refused(new StorageException("No Drama.")));
        await _mobile.FishForMessageAsync<StatementEnded>(_ => true);
        await ReachedAsync();

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

    [Fact]
    public async Task Who_freezes_while_kafka_is_asked_waits_for_the_next_question()
    {
        var (one, two, three) = (NewId(), NewId(), NewId());
        _writer.Tell(new ConfirmWanted(Mobile, one), _mobile);
        var first = await StreamQuestionAsync();
        _writer.Tell(new ConfirmWanted(Tablet, two), _tablet);
        _writer.Tell(new ConfirmWanted(Mobile, three), _mobile);
        await ReachedAsync();
        first.SetResult("stream");

        Assert.Equal(new StreamConfirmed(one, "stream"), await _mobile.FishForMessageAsync<StreamConfirmed>(_ => true));
        var second = await StreamQuestionAsync();
        Assert.False(_tablet.HasMessages && _tablet.ReceiveOne(TimeSpan.Zero) is StreamConfirmed);
        second.SetResult("made again");

        Assert.Equal(new StreamConfirmed(two, "made again"), await _tablet.FishForMessageAsync<StreamConfirmed>(_ => true));
        Assert.Equal(new StreamConfirmed(three, "made again"), await _mobile.FishForMessageAsync<StreamConfirmed>(_ => true));
        Assert.False(_streamQuestions.Reader.TryRead(out _));
    }

    [Fact]
    public async Task While_kafka_does_not_answer_people_hear_of_it_once_and_again_every_five_minutes()
    {
        var problem = new StorageException("Kafka does not answer.");
        await EventFilter.Warning(contains: "can't be confirmed").ExpectAsync(2, async () =>
        {
            for (var minute = 0; minute < 9; minute++)
            {
                _statistics.Unconfirmed = null;
                _writer.Tell(new ConfirmWanted(Mobile, NewId()), _mobile);
                (await StreamQuestionAsync()).SetException(problem);
                await Until.TrueAsync(() => _statistics.Unconfirmed == problem.Message);
                await ReachedAsync();
                Clock.Advance(TimeSpan.FromMinutes(1));
                Assert.Null((await _mobile.FishForMessageAsync<StreamConfirmed>(_ => true)).Stream);
            }
        });
        Assert.EndsWith(problem.Message, _statistics.Problem, StringComparison.Ordinal);
        Assert.True(_storage.IsAvailable);

        await EventFilter.Info(contains: "is confirmed and stored again").ExpectOneAsync(async () =>
        {
            _writer.Tell(new ConfirmWanted(Mobile, NewId()), _mobile);
            (await StreamQuestionAsync()).SetResult("stream");
            await _mobile.FishForMessageAsync<StreamConfirmed>(_ => true);
        });
        Assert.Null(_statistics.Problem);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_that_is_not_to_be_counted_is_told_from_a_question_without_an_answer(bool isRefused)
    {
        _writer.Tell(new ConfirmWanted(Mobile, NewId()), _mobile);
        (await StreamQuestionAsync()).SetException(
            isRefused ? new StreamRefusedException("Another cluster.") : new InvalidOperationException("A mistake."));
        await Until.TrueAsync(() => _statistics.Unconfirmed is not null);
        await ReachedAsync();
        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(isRefused, (await _mobile.FishForMessageAsync<StreamConfirmed>(_ => true)).IsRefused);
    }

    [Fact]
    public async Task No_checkpoint_is_due_while_the_last_one_is_not_confirmed()
    {
        await ReachedAsync();
        _writer.Tell(new ConfirmWanted(Mobile, NewId()), _mobile);
        var question = await StreamQuestionAsync();
        Clock.Advance(TimeSpan.FromSeconds(4));
        await ReachedAsync();
        Assert.IsNotType<CheckpointDue>(_tablet.HasMessages ? _tablet.ReceiveOne(TimeSpan.Zero) : null);

        question.SetResult("stream");
        await _mobile.FishForMessageAsync<StreamConfirmed>(_ => true);
        Clock.Advance(TimeSpan.FromSeconds(1));

        await _tablet.FishForMessageAsync<CheckpointDue>(_ => true);
    }

    private Task<string> AskStream()
    {
        var question = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _streamQuestions.Writer.TryWrite(question);
        return question.Task;
    }

    private Task<TaskCompletionSource<string>> StreamQuestionAsync() =>
        _streamQuestions.Reader.ReadAsync().AsTask().WaitAsync(Until.Limit);

    private static CheckpointId NewId() => new(Guid.NewGuid());

    private static StoreWanted Store(BucketId bucket) => new(
        new CheckpointStatement(bucket, new CheckpointId(Guid.NewGuid()), new CheckpointId(Guid.NewGuid()), "", default, [], []), WantsCounts: false);

    private async Task ReachedAsync() => await _writer.Ask<ActorIdentity>(new Identify(null));
}
