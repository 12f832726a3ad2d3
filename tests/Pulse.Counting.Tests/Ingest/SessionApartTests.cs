using static Pulse.Counting.Tests.Ingest.SessionExample;

namespace Pulse.Counting.Tests.Ingest;

/// <summary>How a session goes on without a bucket that stands apart, and reads again for it when it takes part.</summary>
public sealed class SessionApartTests
{
    [Fact]
    public void Reading_begins_where_the_least_of_those_stands_that_take_part()
    {
        var example = new SessionExample();
        example.Session.Start();
        example.Effects();
        example.Tell(CrimeBucket, 3, AnswerKind.Apart);
        example.Tell(DramaBucket, 900);

        Assert.Equal(Examples.At(900), example.Single<SessionEffect.Seek>().Position);
        Assert.Equal(3, example.Session.StoredProgress?.Offset);
    }

    [Fact]
    public void Nothing_is_sent_to_it_or_waited_for_and_it_is_asked_with_each_tick()
    {
        var example = SessionExample.At(3, 3);
        example.Read((example.Crime, Examples.Early, 3, LogPosition.UnknownEpoch));
        example.Flush();
        example.Tell(CrimeBucket, 3, AnswerKind.Apart);
        Assert.Equal(0, example.Session.DeltasUnderWay);
        example.Read((example.Crime, Examples.Early, 4, LogPosition.UnknownEpoch), (example.Drama, Examples.Early, 5, LogPosition.UnknownEpoch));

        Assert.Equal(DramaBucket, Assert.Single(example.Flush()).Bucket);
        example.Session.Tick();
        var effects = example.Effects();
        Assert.Equal(CrimeBucket, Assert.IsType<SessionEffect.AskPosition>(Assert.Single(effects, each => each is not SessionEffect.SendEmptyDelta)).Bucket);
        Assert.DoesNotContain(effects.OfType<SessionEffect.SendEmptyDelta>(), each => each.Bucket == CrimeBucket);
    }

    [Fact]
    public void What_it_alone_needed_is_read_no_more()
    {
        var example = SessionExample.At(drama: 900, crime: 3);
        example.Read(3, 5);
        example.Tell(CrimeBucket, 3, AnswerKind.Apart);
        Assert.Equal(SessionPhase.StartingOver, example.Session.Phase);
        example.Session.Tick();
        example.Effects();
        example.Tell(CrimeBucket, 3, AnswerKind.Apart);
        example.Tell(DramaBucket, 900);

        Assert.Equal(Examples.At(900), example.Single<SessionEffect.Seek>().Position);
    }

    [Fact]
    public void When_it_takes_part_again_it_is_read_again_from_where_it_stands()
    {
        var example = SessionExample.At(3, 3);
        example.Tell(CrimeBucket, 3, AnswerKind.Apart);
        example.Read(3, 9);
        example.Flush();
        example.Tell(DramaBucket, 9, AnswerKind.Applied);
        example.Effects();

        example.Tell(CrimeBucket, 3);

        Assert.Equal(SessionPhase.StartingOver, example.Session.Phase);
        example.Tell(CrimeBucket, 3);
        example.Tell(DramaBucket, 9);
        Assert.Contains(example.Effects(), each => each is SessionEffect.Seek seek && seek.Position == Examples.At(3));
    }

    [Fact]
    public void Where_all_stand_apart_it_asks_until_one_takes_part()
    {
        var example = new SessionExample();
        example.Session.Start();
        example.Tell(CrimeBucket, 3, AnswerKind.Apart);
        example.Tell(DramaBucket, 3, AnswerKind.Apart);
        example.Effects();
        example.Session.Tick();
        Assert.Equal(2, example.Of<SessionEffect.AskPosition>().Count());

        example.Tell(DramaBucket, 3);

        Assert.Equal(Examples.At(3), example.Single<SessionEffect.Seek>().Position);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_session_that_drains_does_not_wait_for_it(bool isApartBefore)
    {
        var example = SessionExample.At(3, 3);
        if (isApartBefore)
            example.Tell(CrimeBucket, 3, AnswerKind.Apart);
        example.Read(3, 5);
        example.Session.Drain();
        example.Effects();
        example.Tell(DramaBucket, 5, AnswerKind.Applied);
        if (!isApartBefore)
            example.Tell(CrimeBucket, 3, AnswerKind.Apart);

        Assert.Equal(SessionEnd.Drained, example.Single<SessionEffect.End>().Reason);
    }
}
