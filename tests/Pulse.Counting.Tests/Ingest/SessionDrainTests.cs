using static Pulse.Counting.Tests.Ingest.SessionExample;

namespace Pulse.Counting.Tests.Ingest;

/// <summary>How a session ends that is asked to.</summary>
public sealed class SessionDrainTests
{
    [Fact]
    public void A_session_that_drains_sends_everything_and_ends_when_all_buckets_stand_at_its_position()
    {
        var example = SessionExample.At(3, 3);
        example.Read(3, 5);
        example.Session.Drain();
        var effects = example.Effects();
        Assert.Equal(DramaBucket, effects.OfType<SessionEffect.SendDelta>().Single().Bucket);
        Assert.Equal(CrimeBucket, effects.OfType<SessionEffect.SendEmptyDelta>().Single().Bucket);
        Assert.False(example.Session.WantsRecords);
        Assert.False(example.Session.Begin(example.Reading, 5));
        example.Tell(DramaBucket, 5, AnswerKind.Applied);
        Assert.Empty(example.Effects());

        example.Tell(CrimeBucket, 5, AnswerKind.Applied);

        Assert.Equal(SessionEnd.Drained, example.Single<SessionEffect.End>().Reason);
    }

    [Fact]
    public void Where_all_buckets_stand_there_already_it_ends_at_once()
    {
        var example = SessionExample.At(3, 3);
        example.Session.Drain();

        Assert.Equal(SessionEnd.Drained, example.Of<SessionEffect.End>().Single().Reason);
    }

    [Fact]
    public void What_was_just_sent_is_not_overtaken()
    {
        var example = SessionExample.At(3, 3);
        example.Read(3, 5);
        example.Flush();
        example.Session.Drain();

        Assert.Equal(CrimeBucket, example.Single<SessionEffect.SendEmptyDelta>().Bucket);
    }

    [Fact]
    public void What_is_not_answered_is_asked_again()
    {
        var example = SessionExample.At(3, 3);
        example.Read(3, 5);
        example.Session.Drain();
        example.Effects();
        example.Session.Tick();
        example.Session.Tick();

        Assert.Equal(3, example.Of<SessionEffect.SendEmptyDelta>().Count());
        Assert.Empty(example.Flush());
    }

    [Fact]
    public void A_session_that_would_have_to_start_over_leaves_that_to_the_next_one()
    {
        var example = SessionExample.At(3, 3);
        example.Read(3, 5);
        example.Session.Drain();
        example.Effects();
        example.Tell(DramaBucket, 2, AnswerKind.Elsewhere);
        Assert.Equal(SessionEnd.Abandoned, example.Single<SessionEffect.End>().Reason);
        Assert.Equal(SessionPhase.Over, example.Session.Phase);

        var starting = new SessionExample();
        starting.Session.Start();
        starting.Effects();
        starting.Session.Drain();
        Assert.Equal(SessionEnd.Abandoned, starting.Single<SessionEffect.End>().Reason);
    }
}
