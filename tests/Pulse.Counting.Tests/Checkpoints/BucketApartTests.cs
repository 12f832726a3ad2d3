using static Pulse.Counting.Tests.Checkpoints.BucketExample;
using static Pulse.Counting.Tests.Examples;

namespace Pulse.Counting.Tests.Checkpoints;

/// <summary>What a bucket does whose statement the database refuses.</summary>
public sealed class BucketApartTests
{
    private static readonly CheckpointLimits Small = new(EarlyCheckpointCells: 1, MaximumUnstoredCells: 1);

    [Fact]
    public void It_keeps_what_is_frozen_forgets_what_came_since_and_says_that_it_stands_apart()
    {
        var example = Apart();

        Assert.True(example.Bucket.IsApart);
        Assert.Equal(0, example.Bucket.ChangedCells);
        Assert.Equal((AnswerKind.Apart, At(10), LogPosition.Start), Said(example.Ask()));
        Assert.Equal((AnswerKind.Apart, At(10), LogPosition.Start), Said(example.Apply(Delta(10, 12, new KeyCount(Crime, Early, 1)))));
        Assert.Equal(0, example.Bucket.ChangedCells);
    }

    [Fact]
    public void However_much_is_frozen_it_answers()
    {
        var example = Storing(Small);
        Assert.Null(example.Ask());

        example.Bucket.Refused(Named(2));

        Assert.Equal(AnswerKind.Apart, example.Ask()?.Kind);
    }

    [Fact]
    public void The_same_statement_is_sent_again_and_when_it_is_stored_it_goes_on_behind_it()
    {
        var example = Apart();
        example.Bucket.OutcomeUnknown(Named(2));
        example.Bucket.CheckpointRead(example.Look(), First);
        Assert.Equal(Named(2), example.Sent().Next);
        example.Bucket.Refused(Named(2));
        example.Bucket.OutcomeUnknown(Named(2));
        example.Bucket.CheckpointRead(example.Look(), First);
        example.Sent();

        example.Bucket.Stored(Named(2), []);

        Assert.False(example.Bucket.IsApart);
        Assert.Equal((AnswerKind.Position, At(10), At(10)), Said(example.Ask()));
        Assert.Equal(AnswerKind.Elsewhere, example.Apply(Delta(12, 20))?.Kind);
        Assert.Equal(AnswerKind.Applied, example.Apply(Delta(10, 20))?.Kind);
    }

    // An earlier sending of the statement may have been executed.
    [Fact]
    public void Where_the_row_has_the_statement_all_the_same_it_goes_on_behind_it()
    {
        var example = Apart();
        example.Bucket.OutcomeUnknown(Named(2));

        example.Bucket.CheckpointRead(example.Look(), Named(2));

        Assert.Equal((AnswerKind.Position, At(10), At(10)), Said(example.Ask()));
    }

    [Fact]
    public void Where_the_row_has_another_content_it_is_over()
    {
        var example = Apart();
        example.Bucket.OutcomeUnknown(Named(2));

        example.Bucket.CheckpointRead(example.Look(), Named(9));

        Assert.Equal(BucketEnd.Overtaken, example.Single<BucketEffect.End>().Reason);
        Assert.False(example.Bucket.IsApart);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_does_not_wait_for_the_database_where_it_is_to_stop(bool isAskedBefore)
    {
        var example = Storing();
        example.Sent();
        if (isAskedBefore)
            example.Bucket.Stop(Named(3));
        example.Bucket.Refused(Named(2));
        example.Bucket.Stop(Named(4));

        Assert.Equal(BucketEnd.Stopped, example.Single<BucketEffect.End>().Reason);
    }

    [Fact]
    public void A_refusal_of_another_statement_counts_for_nothing()
    {
        var example = Storing();
        example.Bucket.Refused(Named(7));
        example.Bucket.OutcomeUnknown(Named(2));
        example.Bucket.Refused(Named(2));

        Assert.False(example.Bucket.IsApart);
    }

    private static BucketExample Apart()
    {
        var example = Storing();
        Assert.Equal(AnswerKind.Applied, example.Apply(Delta(10, 12, new KeyCount(Crime, Early, 1)))?.Kind);
        example.Bucket.Refused(Named(2));
        Assert.Empty(example.Bucket.TakeEffects());
        return example;
    }

    private static (AnswerKind?, LogPosition?, LogPosition?) Said(BucketAnswer? answer) => (answer?.Kind, answer?.Position, answer?.Stored);
}
