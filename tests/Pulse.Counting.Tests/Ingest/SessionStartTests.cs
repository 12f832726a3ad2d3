using static Pulse.Counting.Tests.Examples;
using static Pulse.Counting.Tests.Ingest.SessionExample;

namespace Pulse.Counting.Tests.Ingest;

/// <summary>How a session finds out where to read, and when it does so again.</summary>
public sealed class SessionStartTests
{
    [Fact]
    public void A_session_asks_all_buckets_and_asks_those_that_do_not_answer_again()
    {
        var example = new SessionExample();
        example.Session.Start();
        Assert.Equal(
            [
                new SessionEffect.AskPosition(DramaBucket, SessionExample.Version.Digest, new SessionId(11, 1)),
                new SessionEffect.AskPosition(CrimeBucket, SessionExample.Version.Digest, new SessionId(11, 1)),
            ],
            example.Effects());
        example.Tell(DramaBucket, 5);
        example.Session.Tick();

        Assert.Equal(CrimeBucket, example.Single<SessionEffect.AskPosition>().Bucket);
        Assert.Equal(SessionPhase.StartingOver, example.Session.Phase);
        Assert.False(example.Session.WantsRecords);
        Assert.Null(example.Session.StoredProgress);
    }

    [Fact]
    public void It_reads_on_from_the_least_position()
    {
        var example = new SessionExample();
        example.Session.Start();
        example.Tell(DramaBucket, At(9, 2), stored: At(4, 1));
        example.Tell(CrimeBucket, At(7, 1));

        Assert.Equal(At(7, 1), example.Of<SessionEffect.Seek>().Single().Position);
        Assert.Equal(At(7, 1), example.Session.Position);
        Assert.Equal(At(4, 1), example.Session.StoredProgress);
        Assert.True(example.Session.WantsRecords);
    }

    [Fact]
    public void Of_equal_positions_the_one_with_an_epoch_is_sought()
    {
        var example = new SessionExample();
        example.Session.Start();
        example.Tell(DramaBucket, At(7));
        example.Tell(CrimeBucket, At(7, 3));

        Assert.Equal(At(7, 3), example.Of<SessionEffect.Seek>().Single().Position);
    }

    [Fact]
    public void A_bucket_that_has_less_than_was_sent_makes_it_read_again_from_there_under_another_number()
    {
        var example = SessionExample.At(5, 5);
        example.Read(5, 8);
        example.Flush();
        example.Tell(DramaBucket, 8, AnswerKind.Applied);
        example.Read(8, 10);
        var older = example.Session.Id;
        example.Flush();
        example.Tell(DramaBucket, 6, AnswerKind.Elsewhere);
        Assert.Equal(2, example.Of<SessionEffect.AskPosition>().Count());
        Assert.NotEqual(older, example.Session.Id);

        example.Session.Answered(new BucketAnswer(CrimeBucket, Zero, older, AnswerKind.Position, At(1), At(1)));
        example.Tell(CrimeBucket, 5);
        example.Tell(DramaBucket, 6);
        Assert.Equal(At(5), example.Of<SessionEffect.Seek>().Single().Position);
        example.Read(5, 8);
        var delta = Assert.Single(example.Flush()).Delta;

        Assert.Equal((At(6), At(8)), (delta.From, delta.To));
        Assert.Equal([new KeyCount(Examples.Drama, Early, 2)], delta.Counts);
    }

    [Fact]
    public void An_answer_to_an_older_attempt_is_not_heard()
    {
        var example = SessionExample.At(5, 5);
        var older = example.Session.Id;
        example.Tell(CrimeBucket, 4);
        example.Session.Answered(new BucketAnswer(DramaBucket, Zero, older, AnswerKind.Position, At(50), At(50)));
        example.Session.Tick();

        Assert.Equal([DramaBucket, CrimeBucket], example.Of<SessionEffect.AskPosition>().Select(asked => asked.Bucket));
    }

    [Fact]
    public void However_much_progress_there_was_it_asks_anew_at_once()
    {
        var example = SessionExample.At(5, 5);
        example.Read(5, 8);
        example.Flush();
        example.Tell(DramaBucket, 8, AnswerKind.Applied);
        example.Tell(CrimeBucket, 8, AnswerKind.Applied);
        example.Tell(DramaBucket, 4, AnswerKind.Elsewhere);

        Assert.Equal(2, example.Of<SessionEffect.AskPosition>().Count());
    }

    [Fact]
    public void Nothing_that_was_under_way_is_left_when_it_starts_over()
    {
        var example = SessionExample.At(0, 0, new SessionLimits(DeltaBytes: 1, BytesUnderWay: 10_000, DeltasPerBucketUnderWay: 100));
        example.Read((example.Drama, Early, 0, 1), (example.Crime, Early, 1, 1));
        example.Flush();
        example.Read((example.Crime, Early, 2, 1), (example.Crime, Next, 3, 1), (example.Crime, Early, 4, 1));
        Assert.Equal(4, example.Session.DeltasUnderWay);
        example.Tell(CrimeBucket, 1, AnswerKind.Elsewhere);
        Assert.Equal((0, 0), (example.Session.DeltasUnderWay, example.Session.BytesUnderWay));
        example.Session.Tick();

        example.Tell(DramaBucket, At(0));
        example.Tell(CrimeBucket, At(4, 1));
        example.Effects();
        example.Read((example.Drama, Early, 0, 1));

        Assert.Equal([new KeyCount(Examples.Drama, Early, 1)], Assert.Single(example.Flush()).Delta.Counts);
    }

    [Fact]
    public void The_stored_progress_is_the_furthest_that_every_bucket_said()
    {
        var example = SessionExample.At(5, 5);
        example.Read(5, 8);
        example.Flush();
        example.Tell(CrimeBucket, At(8), AnswerKind.Applied, stored: At(7));
        example.Tell(DramaBucket, At(8), AnswerKind.Applied, stored: At(6));
        Assert.Equal(At(6), example.Session.StoredProgress);
        example.Tell(DramaBucket, At(8), AnswerKind.Held, stored: At(5));
        Assert.Equal(At(6), example.Session.StoredProgress);
        example.Tell(DramaBucket, At(8), AnswerKind.Held, stored: At(8));
        Assert.Equal(At(7), example.Session.StoredProgress);

        example.Tell(DramaBucket, At(2), AnswerKind.Elsewhere, stored: At(2));
        example.Tell(DramaBucket, At(2), stored: At(2));
        example.Tell(CrimeBucket, At(8), stored: At(7));

        Assert.Equal(At(2), example.Session.StoredProgress);
    }

    [Theory]
    [InlineData(AnswerKind.Position)]
    [InlineData(AnswerKind.Held)]
    [InlineData(AnswerKind.Elsewhere)]
    public void A_bucket_that_stands_where_it_stood_changes_nothing(AnswerKind kind)
    {
        var example = SessionExample.At(5, 5);
        example.Read(5, 7);
        example.Tell(DramaBucket, 5, kind);

        Assert.Equal(SessionPhase.Reading, example.Session.Phase);
        Assert.Equal((At(5), At(7)), example.Flush().Select(sent => (sent.Delta.From, sent.Delta.To)).Single());
    }

    [Fact]
    public void Without_any_progress_it_asks_anew_with_the_next_tick_only()
    {
        var example = SessionExample.At(5, 5);
        example.Read(5, 8);
        example.Flush();
        example.Tell(DramaBucket, 4, AnswerKind.Elsewhere);
        Assert.Empty(example.Effects());

        example.Session.Tick();

        Assert.Equal(2, example.Of<SessionEffect.AskPosition>().Count());
    }

    [Fact]
    public void A_bucket_before_where_reading_began_for_it_makes_it_start_over_whatever_it_answers()
    {
        var example = SessionExample.At(5, 5);
        example.Tell(CrimeBucket, 4);

        Assert.Equal(SessionPhase.StartingOver, example.Session.Phase);
    }

    [Fact]
    public void An_answer_that_the_bucket_gave_before_it_got_more_changes_nothing()
    {
        var example = SessionExample.At(5, 5);
        example.Read(5, 8);
        example.Flush();
        example.Read(8, 9);
        example.Flush();
        example.Tell(DramaBucket, 9, AnswerKind.Applied);
        example.Tell(DramaBucket, 8, AnswerKind.Applied);
        example.Tell(DramaBucket, 8, AnswerKind.Held);
        example.Tell(new BucketId("another", 0), 1, AnswerKind.Elsewhere);

        Assert.Equal(SessionPhase.Reading, example.Session.Phase);
        Assert.Equal(0, example.Session.DeltasUnderWay);
        Assert.Equal(At(5), example.Session.StoredProgress);
    }

    [Fact]
    public void Batches_of_an_older_reading_are_dropped_and_missing_records_are_read_again()
    {
        var example = SessionExample.At(5, 5);
        Assert.False(example.Session.Begin(example.Reading - 1, 5));
        Assert.Equal(SessionPhase.Reading, example.Session.Phase);
        Assert.False(example.Session.Begin(example.Reading, 6));

        Assert.Equal(SessionPhase.StartingOver, example.Session.Phase);
        Assert.False(example.Session.Begin(example.Reading, 5));
    }

    [Theory]
    [InlineData(AnswerKind.OtherVersion, SessionEnd.OtherVersion)]
    [InlineData(AnswerKind.OldStream, SessionEnd.OldStream)]
    public void What_buckets_refuse_for_good_ends_the_session(AnswerKind kind, SessionEnd reason)
    {
        var example = SessionExample.At(5, 5);
        example.Tell(CrimeBucket, 5, kind);

        Assert.Equal(reason, example.Single<SessionEffect.End>().Reason);
        example.Session.Tick();
        example.Session.Flush();
        example.Tell(DramaBucket, 1, AnswerKind.Elsewhere);
        Assert.Empty(example.Effects());
    }
}
