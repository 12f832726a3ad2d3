using static Pulse.Counting.Tests.Examples;
using static Pulse.Counting.Tests.Ingest.SessionExample;

namespace Pulse.Counting.Tests.Ingest;

/// <summary>Logs that lack records, or were cut.</summary>
public sealed class SessionLogTests
{
    [Fact]
    public void Where_the_log_begins_above_the_position_each_bucket_hears_of_the_gap_that_it_moves_over()
    {
        var example = SessionExample.At(3, 6);
        example.Session.PositionNotFound(example.Reading);
        example.Session.LogSpans(example.Single<SessionEffect.AskLogSpan>().Question, begin: 8, end: 20);
        Assert.Equal(At(8), example.Of<SessionEffect.Seek>().Single().Position);

        var deltas = example.Flush();

        Assert.Equal([(At(3), At(8)), (At(6), At(8))], deltas.Select(sent => (sent.Delta.From, sent.Delta.To)));
        Assert.Equal([new Gap(Zero, 3, 8), new Gap(Zero, 6, 8)], deltas.SelectMany(sent => sent.Delta.Gaps));
        Assert.All(deltas, sent => Assert.Equal(default, sent.Delta.Balance));
    }

    [Fact]
    public void A_bucket_beyond_a_gap_hears_nothing_of_it()
    {
        var example = SessionExample.At(3, 9);
        example.Session.PositionNotFound(example.Reading);
        example.Session.LogSpans(example.Single<SessionEffect.AskLogSpan>().Question, begin: 8, end: 20);

        Assert.Equal(DramaBucket, Assert.Single(example.Flush()).Bucket);
    }

    [Fact]
    public void What_was_fetched_before_a_gap_is_read_no_more()
    {
        var example = SessionExample.At(3, 3);
        var reading = example.Reading;
        example.Session.PositionNotFound(reading);
        example.Session.LogSpans(example.Single<SessionEffect.AskLogSpan>().Question, begin: 8, end: 20);

        Assert.False(example.Session.Begin(reading, 3));
        Assert.Equal(SessionPhase.Reading, example.Session.Phase);
    }

    [Fact]
    public void A_gap_behind_records_goes_into_the_same_delta()
    {
        var example = SessionExample.At(3, 3);
        example.Read(3, 5);
        example.Session.PositionNotFound(example.Reading);
        example.Session.LogSpans(example.Single<SessionEffect.AskLogSpan>().Question, begin: 8, end: 20);
        example.Effects();
        example.Read(8, 9);

        var delta = example.Flush().Single(sent => sent.Bucket == DramaBucket).Delta;

        Assert.Equal((At(3), At(9)), (delta.From, delta.To));
        Assert.Equal([new Gap(Zero, 5, 8)], delta.Gaps);
        Assert.Equal(new Balance(3, 0, 0, 0, 3), delta.Balance);
    }

    [Fact]
    public void A_position_that_is_in_the_log_after_all_is_sought_again()
    {
        var example = SessionExample.At(3, 3);
        example.Session.PositionNotFound(example.Reading);
        var question = example.Single<SessionEffect.AskLogSpan>().Question;
        example.Session.PositionNotFound(example.Reading - 1);
        Assert.Empty(example.Effects());
        example.Session.LogSpans(question, begin: 0, end: 20);

        Assert.Equal(At(3), example.Single<SessionEffect.Seek>().Position);
        example.Session.LogSpans(question, begin: 9, end: 20);
        Assert.Empty(example.Effects());
    }

    [Fact]
    public void A_question_to_the_broker_that_is_not_answered_is_repeated_and_any_answer_to_it_counts()
    {
        var example = SessionExample.At(3, 3);
        example.Session.PositionNotFound(example.Reading);
        var question = example.Single<SessionEffect.AskLogSpan>().Question;
        example.Session.Tick();
        Assert.Equal(question, example.Of<SessionEffect.AskLogSpan>().Single().Question);

        example.Session.LogSpans(question, begin: 8, end: 20);

        Assert.Equal(At(8), example.Of<SessionEffect.Seek>().Single().Position);
    }

    [Fact]
    public void A_position_beyond_the_end_means_that_the_log_was_cut()
    {
        var example = SessionExample.At(3, 9);
        example.Session.Tick();
        Assert.Empty(example.Of<SessionEffect.AskLogSpan>());
        example.Session.Tick();
        var question = example.Of<SessionEffect.AskLogSpan>().Single().Question;

        example.Session.LogSpans(question, begin: 0, end: 8);

        Assert.Equal(SessionEnd.LogCut, example.Single<SessionEffect.End>().Reason);
    }

    [Fact]
    public void A_position_that_was_said_after_the_question_left_may_lie_beyond_the_end_that_was_told()
    {
        var example = SessionExample.At(3, 9);
        example.Session.Tick();
        example.Session.Tick();
        var question = example.Of<SessionEffect.AskLogSpan>().Single().Question;
        example.Tell(CrimeBucket, 12, AnswerKind.Held);

        example.Session.LogSpans(question, begin: 0, end: 9);

        Assert.Equal(SessionPhase.Reading, example.Session.Phase);
        Assert.Empty(example.Effects());
    }

    [Fact]
    public void A_session_that_gets_on_does_not_ask_for_the_end()
    {
        var example = SessionExample.At(3, 9);
        example.Session.Tick();
        example.Read(3, 4);
        example.Session.Tick();

        Assert.Empty(example.Of<SessionEffect.AskLogSpan>());
    }

    [Fact]
    public void Another_record_where_a_bucket_stands_means_that_the_log_was_cut()
    {
        var example = SessionExample.At(At(3, 1), At(5, 2));
        example.Read(3, 5, epoch: 3);

        Assert.Equal(SessionEnd.LogCut, example.Single<SessionEffect.End>().Reason);
    }

    [Fact]
    public void A_bucket_that_changed_to_another_log_says_so_by_its_answer()
    {
        var example = SessionExample.At(At(3, 1), At(3, 1));
        example.Read(3, 5, epoch: 1);
        example.Flush();
        example.Tell(DramaBucket, At(5, 2), AnswerKind.Held);

        Assert.Equal(SessionEnd.LogCut, example.Single<SessionEffect.End>().Reason);
    }

    [Fact]
    public void Epochs_that_fall_are_those_of_two_logs()
    {
        var example = SessionExample.At(At(3, 2), At(3, 2));
        example.Read(3, 4, epoch: 1);

        Assert.Equal(SessionEnd.LogCut, example.Single<SessionEffect.End>().Reason);
    }

    [Fact]
    public void The_broker_may_know_it_first()
    {
        var example = SessionExample.At(At(3, 2), At(3, 2));
        example.Session.LogWasCut(example.Reading - 1);
        Assert.Empty(example.Effects());
        example.Session.LogWasCut(example.Reading);

        Assert.Equal(SessionEnd.LogCut, example.Single<SessionEffect.End>().Reason);
    }

    [Fact]
    public void A_batch_may_lead_past_offsets_without_records()
    {
        var example = SessionExample.At(At(3, 2), At(3, 2));
        example.Session.Begin(example.Reading, 3);
        example.Session.EndBatch(6);
        example.Session.Tick();

        var moves = example.Of<SessionEffect.SendEmptyDelta>().Select(sent => (sent.Delta.From, sent.Delta.To));

        Assert.Equal([(At(3, 2), At(6, 2)), (At(3, 2), At(6, 2))], moves);
        Assert.Throws<InvalidOperationException>(() => example.Session.EndBatch(5));
    }
}
