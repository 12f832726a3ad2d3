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
        example.IsNotFound(begin: 8, end: 20);
        Assert.Equal(At(8), example.Of<SessionEffect.Seek>().Single().Position);

        var deltas = example.Flush();

        Assert.Equal([(At(3), At(8)), (At(6), At(8))], deltas.Select(sent => (sent.Delta.From, sent.Delta.To)));
        Assert.Equal([new Gap(Zero, 3, 8), new Gap(Zero, 6, 8)], deltas.SelectMany(sent => sent.Delta.Gaps));
        Assert.All(deltas, sent => Assert.Equal(default, sent.Delta.Balance));
    }

    [Fact]
    public void A_gap_takes_room_in_its_delta()
    {
        var example = SessionExample.At(3, 6);
        example.IsNotFound(begin: 8, end: 20);
        example.Flush();

        Assert.Equal(2 * (DeltaSize.BytesPerDelta + DeltaSize.BytesPerGap), example.Session.BytesUnderWay);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    public void A_bucket_beyond_a_gap_hears_nothing_of_it(long crime)
    {
        var example = SessionExample.At(3, crime);
        example.IsNotFound(begin: 8, end: 20);

        Assert.Equal(DramaBucket, Assert.Single(example.Flush()).Bucket);
    }

    [Fact]
    public void What_was_fetched_before_a_gap_is_read_no_more()
    {
        var example = SessionExample.At(3, 3);
        var reading = example.Reading;
        example.IsNotFound(begin: 8, end: 20);

        Assert.False(example.Session.Begin(reading, 3));
        Assert.Equal(SessionPhase.Reading, example.Session.Phase);
    }

    [Fact]
    public void A_gap_behind_records_goes_into_the_same_delta()
    {
        var example = SessionExample.At(3, 3);
        example.Read(3, 5);
        example.IsNotFound(begin: 8, end: 20);
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
    public void A_log_that_begins_at_the_position_has_no_gap_there()
    {
        var example = SessionExample.At(At(3, 2), At(3, 2));
        example.IsNotFound(begin: 3, end: 20);

        Assert.Equal(At(3, 2), example.Single<SessionEffect.Seek>().Position);
        Assert.Empty(example.Flush());
    }

    [Fact]
    public void A_question_that_was_answered_is_not_asked_again_and_its_answer_counts_once()
    {
        var example = SessionExample.At(3, 3);
        example.Session.PositionNotFound(example.Reading);
        var first = example.Single<SessionEffect.AskLogSpan>().Question;
        example.Session.LogSpans(first, begin: 0, end: 20);
        example.Effects();
        example.Session.Tick();
        Assert.Empty(example.Of<SessionEffect.AskLogSpan>());
        example.Session.PositionNotFound(example.Reading);
        example.Effects();

        example.Session.LogSpans(first, begin: 8, end: 20);

        Assert.Empty(example.Effects());
        Assert.Equal(At(3), example.Session.Position);
    }

    [Fact]
    public void A_log_that_ends_before_the_position_was_cut_and_is_read_no_more()
    {
        var example = SessionExample.At(3, 3);
        example.IsNotFound(begin: 0, end: 2);

        var end = example.Single<SessionEffect.End>();
        Assert.Equal((SessionEnd.LogCut, new LogPosition(2, LogPosition.UnknownEpoch)), (end.Reason, end.CutAt));
    }

    [Fact]
    public void A_bucket_that_a_gap_leads_past_is_compared_by_its_epoch()
    {
        var example = SessionExample.At(At(3, 5), At(8, 2));
        example.IsNotFound(begin: 10, end: 20);

        Assert.Equal(SessionEnd.LogCut, example.Of<SessionEffect.End>().Single().Reason);
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
    public void A_bucket_ahead_is_compared_when_the_session_comes_to_it_and_then_no_more()
    {
        var example = SessionExample.At(At(3, 1), At(7, 2));
        example.Read(3, 6, epoch: 1);
        Assert.Equal(SessionPhase.Reading, example.Session.Phase);
        example.Read(6, 7, epoch: 2);
        example.Session.Tick();
        example.Session.Tick();

        Assert.Equal(SessionPhase.Reading, example.Session.Phase);
        Assert.Empty(example.Of<SessionEffect.AskLogSpan>());
    }

    [Fact]
    public void A_bucket_that_got_ahead_is_compared_as_well()
    {
        var example = SessionExample.At(At(3, 1), At(3, 1));
        example.Tell(CrimeBucket, At(6, 2), AnswerKind.Held);
        example.Read(3, 6, epoch: 3);

        Assert.Equal(SessionEnd.LogCut, example.Single<SessionEffect.End>().Reason);
    }

    [Fact]
    public void Several_buckets_of_another_log_end_the_session_once()
    {
        var example = SessionExample.At(At(3, 1), At(3, 1));
        example.Tell(DramaBucket, At(5, 2), AnswerKind.Held);
        example.Tell(CrimeBucket, At(6, 2), AnswerKind.Held);
        example.Read(3, 6, epoch: 3);

        Assert.Equal(SessionEnd.LogCut, example.Single<SessionEffect.End>().Reason);
    }

    [Fact]
    public void Where_no_bucket_is_ahead_the_end_of_the_log_is_not_asked_for()
    {
        var example = SessionExample.At(1, 1);
        example.Session.Tick();
        example.Session.Tick();
        example.Tell(CrimeBucket, 1, AnswerKind.Applied);
        example.Session.Tick();
        Assert.Empty(example.Of<SessionEffect.AskLogSpan>());

        var ahead = SessionExample.At(1, 9);
        ahead.Session.Tick();
        Assert.Empty(ahead.Of<SessionEffect.AskLogSpan>());
    }

    [Fact]
    public void A_bucket_with_less_of_another_log_ends_the_session_for_good()
    {
        var example = SessionExample.At(At(3, 1), At(3, 1));
        example.Read(3, 6, epoch: 1);
        example.Flush();
        example.Tell(DramaBucket, At(5, 2), AnswerKind.Elsewhere);

        Assert.Equal(SessionEnd.LogCut, example.Single<SessionEffect.End>().Reason);
        Assert.Equal(SessionPhase.Over, example.Session.Phase);
    }

    [Fact]
    public void Where_the_record_below_was_not_read_a_delta_starts_by_the_bucket_s_own_word()
    {
        var example = SessionExample.At(At(3, 3), At(9, 4));
        example.Read(3, 5, epoch: 3);
        Assert.True(example.Session.Begin(example.Reading, 5));
        example.Session.EndBatch(9);
        example.Read((example.Crime, Early, 9, 5));

        var delta = example.Flush().Single(sent => sent.Bucket == CrimeBucket).Delta;

        Assert.Equal((At(9, 4), At(10, 5)), (delta.From, delta.To));
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
        example.Session.LogWasCut(example.Reading - 1, "", null);
        Assert.Empty(example.Effects());
        example.Session.LogWasCut(example.Reading, "it ends at 5", new LogPosition(5, 2));

        var end = example.Single<SessionEffect.End>();
        Assert.Equal((SessionEnd.LogCut, new LogPosition(5, 2)), (end.Reason, end.CutAt));
    }

    [Fact]
    public void A_record_behind_offsets_without_records_may_be_of_a_later_leader()
    {
        var example = SessionExample.At(new LogPosition(6, 2, Skipped: 3), new LogPosition(6, 2, Skipped: 3));
        Assert.Equal(new LogPosition(6, 2, Skipped: 3), example.Session.Position);
        example.Read((example.Crime, Early, 6, 4));
        example.Tell(DramaBucket, At(6, 3), AnswerKind.Held);

        Assert.Empty(example.Of<SessionEffect.End>());
        Assert.Equal(At(7, 4), example.Session.Position);
    }

    [Theory]
    [InlineData(3, 6, 2, 3)]
    [InlineData(5, 6, -1, 0)]
    [InlineData(6, 6, -1, 0)]
    public void Where_the_record_below_was_removed_and_none_is_missing_there_is_nothing_to_compare(long begin, long offset, int epoch, long skipped)
    {
        var example = SessionExample.At(new LogPosition(6, 2, Skipped: 3), new LogPosition(6, 2, Skipped: 3));
        example.Session.PositionNotFound(example.Reading);
        var question = example.Single<SessionEffect.AskLogSpan>().Question;
        example.Session.LogSpans(question, begin, 9);

        Assert.Equal(new LogPosition(offset, epoch, skipped), example.Single<SessionEffect.Seek>().Position);
        example.Read((example.Crime, Early, 6, 4));
        Assert.Empty(example.Flush().SelectMany(sent => sent.Delta.Gaps));
    }

    [Fact]
    public void A_batch_may_lead_past_offsets_without_records()
    {
        var example = SessionExample.At(At(3, 2), At(3, 2));
        example.Session.Begin(example.Reading, 3);
        example.Session.EndBatch(6);
        example.Session.Tick();

        var moves = example.Of<SessionEffect.SendEmptyDelta>().Select(sent => (sent.Delta.From, sent.Delta.To));

        var behind = new LogPosition(6, 2, Skipped: 3);
        Assert.Equal([(At(3, 2), behind), (At(3, 2), behind)], moves);
        Assert.Throws<InvalidOperationException>(() => example.Session.EndBatch(5));
    }
}
