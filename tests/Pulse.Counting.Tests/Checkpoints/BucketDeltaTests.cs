using static Pulse.Counting.Tests.Checkpoints.BucketExample;
using static Pulse.Counting.Tests.Examples;

namespace Pulse.Counting.Tests.Checkpoints;

/// <summary>What a bucket does with questions and deltas.</summary>
public sealed class BucketDeltaTests
{
    [Fact]
    public void A_question_is_answered_with_the_position_and_changes_nothing()
    {
        var example = Open("cluster/topic/1 100@2");

        Assert.Equal(new BucketAnswer(Id, Zero, Session, AnswerKind.Position, At(100, 2), At(100, 2)), example.Ask());
        Assert.Equal(LogPosition.Start, example.Ask(One)?.Position);
        example.Bucket.MakeCheckpoint(Named(2));
        Assert.Equal(BucketPhase.Open, example.Bucket.Phase);
    }

    [Fact]
    public void A_delta_that_starts_at_the_position_moves_it()
    {
        var example = Open("cluster/topic/1 100@2");

        var answer = example.Apply(Delta(At(100, 2), At(110, 3), new KeyCount(Drama, Early, 4)));

        Assert.Equal(new BucketAnswer(Id, Zero, Session, AnswerKind.Applied, At(110, 3), At(100, 2)), answer);
        Assert.Equal(1, example.Bucket.ChangedCells);
    }

    [Fact]
    public void Who_brings_a_delta_is_told_whether_it_was_applied()
    {
        var example = Open();

        Assert.True(example.Bucket.Apply(Delta(0, 5), Session));
        Assert.False(example.Bucket.Apply(Delta(0, 5), Session));
        Assert.False(new BucketExample().Bucket.Apply(Delta(0, 5), Session));
    }

    [Theory]
    [InlineData(100, 110, AnswerKind.Held)]
    [InlineData(90, 109, AnswerKind.Held)]
    [InlineData(100, 111, AnswerKind.Elsewhere)]
    [InlineData(111, 120, AnswerKind.Elsewhere)]
    public void A_delta_that_starts_elsewhere_changes_nothing_and_is_told_the_position(long from, long to, AnswerKind kind)
    {
        var example = Open("cluster/topic/1 110");

        var answer = example.Apply(Delta(from, to, new KeyCount(Drama, Early, 4)));

        Assert.Equal((kind, At(110)), (answer?.Kind, answer?.Position));
        Assert.Equal(0, example.Bucket.ChangedCells);
    }

    [Fact]
    public void A_delta_of_another_epoch_does_not_start_at_the_position()
    {
        var example = Open("cluster/topic/1 100@2");

        Assert.Equal(AnswerKind.Elsewhere, example.Apply(Delta(At(100, 3), At(110, 3)))?.Kind);
        Assert.Equal(AnswerKind.Applied, example.Apply(Delta(At(100), At(110, 3)))?.Kind);
    }

    [Fact]
    public void A_question_whether_it_is_there_stores_nothing_and_forgets_no_epoch()
    {
        var example = Open("cluster/topic/1 100@2");

        Assert.Equal((AnswerKind.Applied, At(100, 2)), Move(example, At(100), At(100)));
        Assert.Equal((AnswerKind.Held, At(100, 2)), Move(example, At(100, 5), At(100, 5)));
        Assert.Equal((AnswerKind.Elsewhere, At(100, 2)), Move(example, At(101), At(101)));
        example.Bucket.MakeCheckpoint(Named(2));
        Assert.Equal(BucketPhase.Open, example.Bucket.Phase);
    }

    [Fact]
    public void An_epoch_that_was_unknown_is_learnt()
    {
        var example = Open("cluster/topic/1 100");
        Move(example, At(100, 4), At(100, 4));

        Assert.Equal(AnswerKind.Held, Move(example, At(100, 5), At(100, 5)).Kind);
    }

    [Fact]
    public void Empty_deltas_of_several_partitions_come_together()
    {
        var example = Open();
        example.Bucket.Apply(
            [new EmptyDelta(Zero, Session, At(0), At(5)), new EmptyDelta(One, new SessionId(12, 3), At(2), At(9))], Digest);

        Assert.Equal(
            [
                new BucketAnswer(Id, Zero, Session, AnswerKind.Applied, At(5), At(0)),
                new BucketAnswer(Id, One, new SessionId(12, 3), AnswerKind.Elsewhere, At(0), At(0)),
            ],
            example.Bucket.TakeEffects().OfType<BucketEffect.AnswerSession>().Select(effect => effect.Answer));
    }

    [Fact]
    public void What_was_counted_by_another_declaration_is_refused()
    {
        var example = Open();
        var older = new VersionDigest(6);

        Assert.Equal(AnswerKind.OtherVersion, example.Apply(Delta(0, 5) with { Version = older })?.Kind);
        example.Bucket.Ask(Zero, older, Session);
        Assert.Equal(AnswerKind.OtherVersion, example.Single<BucketEffect.AnswerSession>().Answer.Kind);
        example.Bucket.Apply([new EmptyDelta(Zero, Session, At(0), At(5))], older);
        Assert.Equal(AnswerKind.OtherVersion, example.Single<BucketEffect.AnswerSession>().Answer.Kind);
        Assert.Equal(LogPosition.Start, example.Ask()?.Position);
    }

    [Fact]
    public void Before_it_has_its_row_a_bucket_is_silent()
    {
        var example = new BucketExample();
        example.Bucket.Start();

        Assert.Null(example.Ask());
        Assert.Null(example.Apply(Delta(0, 5)));
    }

    [Fact]
    public void With_much_unstored_it_asks_for_a_checkpoint_once_and_with_too_much_it_is_silent_until_some_is_stored()
    {
        var example = Open(limits: new CheckpointLimits(EarlyCheckpointCells: 2, MaximumUnstoredCells: 3));
        example.Apply(Delta(0, 1, new KeyCount(Drama, Early, 1)));
        example.Bucket.Apply(Delta(1, 2, new KeyCount(Crime, Early, 1)), Session);
        Assert.Single(example.Bucket.TakeEffects().OfType<BucketEffect.RequestCheckpoint>());
        example.Bucket.Apply(Delta(2, 3, new KeyCount(Crime, Early, 1)), Session);
        Assert.Empty(example.Bucket.TakeEffects().OfType<BucketEffect.RequestCheckpoint>());
        example.Freeze(2);
        example.Apply(Delta(3, 4, new KeyCount(Drama, Next, 1)));
        Assert.True(example.Bucket.IsFull);

        Assert.Null(example.Apply(Delta(4, 5)));
        Assert.Null(example.Ask());
        example.Bucket.Apply([new EmptyDelta(Zero, Session, At(4), At(5))], Digest);
        Assert.Empty(example.Bucket.TakeEffects());
        example.Confirm(2);
        example.Bucket.Stored(Named(2), []);

        Assert.False(example.Bucket.IsFull);
        Assert.Equal(At(4), example.Ask()?.Position);
    }

    [Fact]
    public void What_changed_much_while_a_statement_was_under_way_is_asked_for_when_it_ends()
    {
        var example = Storing(new CheckpointLimits(EarlyCheckpointCells: 1, MaximumUnstoredCells: 100));
        example.Bucket.Apply(Delta(10, 11, new KeyCount(Drama, Early, 1)), Session);
        Assert.Empty(example.Bucket.TakeEffects().OfType<BucketEffect.RequestCheckpoint>());

        example.Bucket.Stored(Named(2), []);

        example.Single<BucketEffect.RequestCheckpoint>();
    }

    [Fact]
    public void A_delta_that_leads_back_is_a_mistake() =>
        Assert.Throws<InvalidOperationException>(() => Open("cluster/topic/1 10").Apply(Delta(10, 9)));

    private static (AnswerKind Kind, LogPosition Position) Move(BucketExample example, LogPosition from, LogPosition to)
    {
        example.Bucket.TakeEffects();
        example.Bucket.Apply([new EmptyDelta(Zero, Session, from, to)], Digest);
        var answer = example.Single<BucketEffect.AnswerSession>().Answer;
        return (answer.Kind, answer.Position);
    }
}
