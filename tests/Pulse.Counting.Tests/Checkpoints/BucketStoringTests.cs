using static Pulse.Counting.Tests.Checkpoints.BucketExample;
using static Pulse.Counting.Tests.Examples;

namespace Pulse.Counting.Tests.Checkpoints;

/// <summary>How a bucket comes by its row, writes it and learns that it is no longer its own.</summary>
public sealed class BucketStoringTests
{
    [Fact]
    public void A_takeover_that_is_not_answered_is_sent_again_and_late_answers_of_older_ones_do_not_count()
    {
        var example = new BucketExample();
        example.Bucket.Start();
        Assert.Equal(new BucketEffect.TakeOver(1), example.Single<BucketEffect.TakeOver>());
        example.Bucket.TakeoverFailed(1);
        Assert.Equal(new BucketEffect.TakeOver(2), example.Single<BucketEffect.TakeOver>());

        example.Bucket.TakeoverFailed(1);
        example.Bucket.TakenOver(1, Row("cluster/topic/1 5"));
        Assert.Equal(BucketPhase.TakingOver, example.Bucket.Phase);
        example.Bucket.TakenOver(2, Row("cluster/topic/1 9", Named(9)));
        example.Bucket.TakenOver(1, Row("cluster/topic/1 5"));
        example.Bucket.TakeoverFailed(2);

        Assert.Equal(At(9), example.Ask()?.Position);
    }

    [Fact]
    public void A_row_whose_positions_cannot_be_read_is_refused()
    {
        var example = new BucketExample();
        example.Bucket.Start();

        Assert.Throws<FormatException>(() => example.Bucket.TakenOver(1, Row("cluster/topic/1 x")));
    }

    [Fact]
    public void A_statement_holds_what_was_applied_when_it_froze_and_follows_on_the_known_content()
    {
        var example = Open("cluster/topic/1 4");
        var gap = new Gap(Zero, 4, 7);
        example.Apply(Delta(4, 10, new KeyCount(Drama, Early, 1), new KeyCount(Drama, Early, 2)) with { Gaps = [gap] });
        example.Apply(Delta(10, 12, new KeyCount(Drama, Next, 5)));
        example.Freeze(2);
        Assert.Equal(new BucketEffect.ConfirmStream(Named(2)), example.Single<BucketEffect.ConfirmStream>());
        example.Apply(Delta(12, 20, new KeyCount(Crime, Early, 7)));

        var statement = example.Confirm(2);

        Assert.Equal((Id, First, Named(2)), (statement.Bucket, statement.Previous, statement.Next));
        Assert.Equal("cluster/topic/1 12", statement.Positions);
        Assert.Equal(new Balance(8, 0, 0, 0, 8), statement.Balance);
        Assert.Equal([new KeyCount(Drama, Early, 3), new KeyCount(Drama, Next, 5)], statement.Counts);
        Assert.Equal([gap], statement.Gaps);
        Assert.Equal(BucketPhase.Storing, example.Bucket.Phase);
    }

    [Fact]
    public void What_was_applied_meanwhile_goes_into_the_next_statement_which_follows_on_this_one()
    {
        var example = Storing();
        example.Apply(Delta(10, 20, new KeyCount(Crime, Early, 7)));
        example.Bucket.MakeCheckpoint(Named(3));
        Assert.Empty(example.Bucket.TakeEffects());
        Assert.Equal((At(20), At(0)), (example.Ask()?.Position, example.Ask()?.Stored));

        example.Bucket.Stored(Named(2), []);
        Assert.Equal((At(20), At(10)), (example.Ask()?.Position, example.Ask()?.Stored));
        example.Freeze(4);
        var statement = example.Confirm(4);

        Assert.Equal((Named(2), Named(4)), (statement.Previous, statement.Next));
        Assert.Equal([new KeyCount(Crime, Early, 7)], statement.Counts);
        Assert.Equal(new Balance(7, 0, 0, 0, 10), statement.Balance);
    }

    [Fact]
    public void A_stream_that_was_asked_for_before_the_freeze_confirms_nothing()
    {
        var example = Open();
        example.Apply(Delta(0, 5));
        example.Freeze(2);
        example.Bucket.TakeEffects();

        example.Bucket.StreamIs(Named(1), Topic);

        Assert.Empty(example.Bucket.TakeEffects());
        Assert.Equal(BucketPhase.Frozen, example.Bucket.Phase);
    }

    [Fact]
    public void Where_the_topic_was_made_again_everything_is_forgotten_and_the_old_stream_is_refused_from_then_on()
    {
        var example = Open();
        example.Apply(Delta(0, 5, new KeyCount(Drama, Early, 1)));
        example.Freeze(2);
        example.Bucket.TakeEffects();
        example.Bucket.StreamIs(Named(2), ZeroMadeAgain.Stream);
        Assert.Equal(new BucketEffect.TakeOver(2), example.Single<BucketEffect.TakeOver>());
        example.Bucket.TakenOver(2, Row(checkpoint: Named(3)));

        Assert.Equal(AnswerKind.OldStream, example.Ask()?.Kind);
        Assert.Equal(AnswerKind.OldStream, example.Apply(Delta(0, 5))?.Kind);
        Assert.Equal(AnswerKind.Applied, example.Apply(Delta(0, 3, new KeyCount(Crime, Early, 1)) with { Partition = ZeroMadeAgain })?.Kind);
        example.Freeze(4);
        var statement = example.Confirm(4, ZeroMadeAgain.Stream);
        Assert.Equal((Named(3), "cluster/topic/2 3"), (statement.Previous, statement.Positions));
        Assert.Equal([new KeyCount(Crime, Early, 1)], statement.Counts);
    }

    [Fact]
    public void Of_the_streams_that_ended_a_bucket_remembers_as_many_as_its_limit_says()
    {
        var example = Open(limits: CheckpointLimits.Default with { OldStreams = 2 });
        StreamPartition[] streams = [.. Enumerable.Range(1, 4).Select(number => new StreamPartition($"cluster/topic/{number}", 0))];
        for (var number = 0; number < 3; number++)
        {
            Assert.Equal(AnswerKind.Applied, example.Apply(Delta(0, 5) with { Partition = streams[number] })?.Kind);
            example.Freeze(2 + number);
            example.Bucket.StreamIs(Named(2 + number), streams[number + 1].Stream);
            example.Bucket.TakenOver(2 + number, Row());
        }

        Assert.Equal(
            [AnswerKind.Position, AnswerKind.OldStream, AnswerKind.OldStream, AnswerKind.Position],
            streams.Select(stream => example.Ask(stream)!.Value.Kind));
    }

    [Fact]
    public void What_is_not_stored_is_known_from_the_first_delta_until_its_statement_is_executed()
    {
        var example = new BucketExample();
        Assert.Equal((false, LogPosition.Start), Unstored());
        example.Bucket.Start();
        example.Bucket.TakenOver(1, Row("cluster/topic/1 4"));
        Assert.Equal((false, At(4)), Unstored());
        example.Apply(Delta(4, 10));
        Assert.Equal((true, At(10)), Unstored());
        example.Freeze(2);
        Assert.Equal((true, At(10)), Unstored());
        example.Confirm(2);
        example.Bucket.Stored(Named(2), []);
        Assert.Equal((false, At(10)), Unstored());

        (bool, LogPosition) Unstored() => (example.Bucket.HasUnstored, example.Bucket.Positions[Zero]);
    }

    [Fact]
    public void A_look_from_before_the_end_says_nothing_after_it()
    {
        var example = Open();
        example.Bucket.Look();
        var look = example.Look();
        example.Bucket.Stop(Named(2));
        example.Single<BucketEffect.End>();

        example.Bucket.CheckpointRead(look, Named(9));

        Assert.Empty(example.Bucket.TakeEffects());
    }

    [Fact]
    public void A_stream_that_is_the_current_one_after_all_is_taken_again()
    {
        var example = Open();
        example.Apply(Delta(0, 5));
        example.Freeze(2);
        example.Bucket.StreamIs(Named(2), ZeroMadeAgain.Stream);
        example.Bucket.TakenOver(2, Row(checkpoint: Named(3)));
        example.Apply(Delta(0, 3) with { Partition = ZeroMadeAgain });
        example.Freeze(4);
        example.Bucket.StreamIs(Named(4), Topic);
        example.Bucket.TakenOver(3, Row(checkpoint: Named(5)));

        Assert.Equal(AnswerKind.Position, example.Ask()?.Kind);
        Assert.Equal(AnswerKind.OldStream, example.Ask(ZeroMadeAgain)?.Kind);
    }

    [Fact]
    public void An_unknown_outcome_is_read_and_the_new_content_means_stored()
    {
        var example = Storing();
        example.Bucket.TakeEffects();
        example.Bucket.OutcomeUnknown(Named(2));
        example.Bucket.CheckpointRead(example.Look(), Named(2));

        Assert.Equal(BucketPhase.Open, example.Bucket.Phase);
        Assert.Equal(At(10), example.Ask()?.Stored);
    }

    [Fact]
    public void The_old_content_means_that_the_same_statement_is_sent_again()
    {
        var example = Storing();
        var statement = example.Sent();
        example.Apply(Delta(10, 20, new KeyCount(Crime, Early, 7)));
        example.Bucket.NotStored(Named(2));
        example.Bucket.CheckpointRead(example.Look(), First);

        Assert.Same(statement, example.Sent());
        Assert.Equal(BucketPhase.Storing, example.Bucket.Phase);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(null)]
    public void Any_other_content_ends_the_incarnation_which_forgets_everything(int? found)
    {
        var example = Storing();
        example.Bucket.TakeEffects();
        example.Bucket.OutcomeUnknown(Named(2));
        example.Bucket.CheckpointRead(example.Look(), found is { } number ? Named(number) : null);

        Assert.Equal(BucketEnd.Overtaken, example.Single<BucketEffect.End>().Reason);
        Assert.Equal(BucketPhase.Over, example.Bucket.Phase);
        Assert.Null(example.Ask());
        Assert.Null(example.Apply(Delta(10, 20)));
        Assert.Empty(example.Bucket.TakeShown());
    }

    [Fact]
    public void A_read_that_fails_is_repeated_while_the_outcome_is_unknown()
    {
        var example = Storing();
        example.Bucket.TakeEffects();
        example.Bucket.OutcomeUnknown(Named(2));
        var first = example.Look();
        example.Bucket.CheckpointUnread(first);
        var second = example.Look();

        example.Bucket.CheckpointRead(first, Named(9));
        Assert.Equal(BucketPhase.OutcomeUnknown, example.Bucket.Phase);
        example.Bucket.CheckpointUnread(first);
        Assert.Empty(example.Bucket.TakeEffects());
        example.Bucket.CheckpointRead(second, Named(2));
        Assert.Equal(BucketPhase.Open, example.Bucket.Phase);
    }

    [Fact]
    public void A_late_answer_settles_an_unknown_outcome_and_answers_about_other_statements_do_not()
    {
        var example = Storing();
        example.Bucket.TakeEffects();
        example.Bucket.OutcomeUnknown(Named(2));
        var look = example.Look();
        example.Bucket.OutcomeUnknown(Named(2));
        example.Bucket.Stored(Named(1), []);
        Assert.Empty(example.Bucket.TakeEffects());
        Assert.Equal(BucketPhase.OutcomeUnknown, example.Bucket.Phase);
        example.Bucket.Stored(Named(2), []);
        example.Bucket.CheckpointRead(look, First);
        example.Bucket.NotStored(Named(2));

        Assert.Equal(BucketPhase.Open, example.Bucket.Phase);
    }

    [Fact]
    public void A_bucket_with_nothing_to_store_looks_at_its_row()
    {
        var example = Open();
        example.Bucket.MakeCheckpoint(Named(2));
        example.Bucket.CheckpointRead(example.Look(), First);
        Assert.Equal(BucketPhase.Open, example.Bucket.Phase);
        example.Bucket.Look();
        example.Bucket.CheckpointUnread(example.Look());
        Assert.Empty(example.Bucket.TakeEffects());
        example.Bucket.Look();
        example.Bucket.CheckpointRead(example.Look(), Named(9));

        Assert.Equal(BucketEnd.Overtaken, example.Single<BucketEffect.End>().Reason);
    }

    [Fact]
    public void A_look_from_before_the_statement_says_nothing_after_it()
    {
        var example = Open();
        example.Bucket.Look();
        var look = example.Look();
        example.Apply(Delta(0, 5));
        example.Freeze(2);
        example.Confirm(2);
        example.Bucket.CheckpointRead(look, Named(2));
        Assert.Equal(BucketPhase.Storing, example.Bucket.Phase);
        example.Bucket.Stored(Named(2), []);

        example.Bucket.CheckpointRead(look, First);

        Assert.Equal(BucketPhase.Open, example.Bucket.Phase);
    }

    [Fact]
    public void A_look_from_before_a_takeover_says_nothing_after_it()
    {
        var example = Open();
        example.Apply(Delta(0, 5));
        example.Freeze(2);
        example.Bucket.TakeEffects();
        example.Bucket.Look();
        var look = example.Look();
        example.Bucket.StreamIs(Named(2), ZeroMadeAgain.Stream);
        example.Bucket.TakenOver(2, Row(checkpoint: Named(3)));

        example.Bucket.CheckpointRead(look, First);

        Assert.Equal(BucketPhase.Open, example.Bucket.Phase);
    }

    [Fact]
    public void A_frozen_bucket_learns_that_it_was_overtaken()
    {
        var example = Open();
        example.Apply(Delta(0, 5));
        example.Freeze(2);
        example.Bucket.TakeEffects();
        example.Bucket.Look();
        example.Bucket.CheckpointRead(example.Look(), Named(9));

        Assert.Equal(BucketPhase.Over, example.Bucket.Phase);
    }

    [Fact]
    public void A_bucket_that_stops_stores_what_is_there_and_takes_nothing_more()
    {
        var example = Storing();
        example.Apply(Delta(10, 20, new KeyCount(Crime, Early, 7)));
        example.Bucket.Stop(Named(3));
        example.Bucket.Stop(Named(4));
        Assert.Null(example.Ask());
        Assert.Null(example.Apply(Delta(20, 30)));
        example.Bucket.Stored(Named(2), []);
        Assert.Equal(new BucketEffect.ConfirmStream(Named(3)), example.Single<BucketEffect.ConfirmStream>());
        Assert.Equal("cluster/topic/1 20", example.Confirm(3).Positions);
        example.Bucket.Stored(Named(3), []);

        Assert.Equal(BucketEnd.Stopped, example.Single<BucketEffect.End>().Reason);
    }

    [Fact]
    public void A_bucket_that_has_nothing_to_store_stops_at_once()
    {
        var example = Open();
        example.Bucket.Stop(Named(2));
        Assert.Equal(BucketEnd.Stopped, example.Single<BucketEffect.End>().Reason);
        example.Bucket.Stop(Named(3));
        Assert.Empty(example.Bucket.TakeEffects());

        var without = new BucketExample();
        without.Bucket.Start();
        without.Bucket.TakeEffects();
        without.Bucket.Stop(Named(2));
        Assert.Equal(BucketEnd.Stopped, without.Single<BucketEffect.End>().Reason);
    }

    [Fact]
    public void A_bucket_that_would_have_to_forget_while_it_stops_stops()
    {
        var example = Open();
        example.Apply(Delta(0, 5));
        example.Freeze(2);
        example.Bucket.Stop(Named(3));
        example.Bucket.TakeEffects();
        example.Bucket.StreamIs(Named(2), ZeroMadeAgain.Stream);

        Assert.Equal(BucketEnd.Stopped, example.Single<BucketEffect.End>().Reason);
    }
}
