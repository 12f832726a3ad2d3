using Pulse.Actors.Storage.Streams;

namespace Pulse.Actors.Tests.Storage.Streams;

/// <summary>Which streams a database counts by itself.</summary>
public sealed class StreamRuleTests
{
    private const string Plain = "one/events";
    private const string First = "one/events/A/1";
    private const string Second = "one/events/B+2";

    [Theory]
    [InlineData(new string[0], First, StreamStanding.First, null)]
    [InlineData(new[] { First }, First, StreamStanding.Counted, First)]
    [InlineData(new[] { First }, Second, StreamStanding.MadeAgain, First)]
    [InlineData(new[] { First, Second }, Second, StreamStanding.Counted, Second)]
    [InlineData(new[] { First, Second }, First, StreamStanding.Replaced, Second)]
    [InlineData(new[] { Plain }, First, StreamStanding.GivenAnId, Plain)]
    [InlineData(new[] { First }, Plain, StreamStanding.WithoutItsId, First)]
    [InlineData(new[] { Plain, First }, Plain, StreamStanding.Replaced, First)]
    [InlineData(new[] { Plain, First }, Second, StreamStanding.MadeAgain, First)]
    [InlineData(new[] { First }, "two/events/A/1", StreamStanding.Foreign, First)]
    [InlineData(new[] { First }, "one/others/C", StreamStanding.Foreign, First)]
    [InlineData(new[] { First, "two/events/C", Second }, "two/events/C", StreamStanding.Counted, "two/events/C")]
    [InlineData(new[] { First, "two/events/C" }, Second, StreamStanding.MadeAgain, First)]
    [InlineData(new[] { "named" }, First, StreamStanding.First, null)]
    [InlineData(new[] { First }, "named", StreamStanding.First, null)]
    [InlineData(new[] { First, "named" }, "named", StreamStanding.Counted, null)]
    [InlineData(new[] { "embedded-1" }, "embedded-2", StreamStanding.First, null)]
    [InlineData(new[] { First, "named" }, "two/events/A/1", StreamStanding.Foreign, First)]
    public void A_stream_is_judged_by_what_is_counted(string[] counted, string stream, StreamStanding expected, string? before)
    {
        var judged = StreamRule.Judge([.. counted.Select(CountedStream.Parse)], CountedStream.Parse(stream));

        Assert.Equal((expected, before), (judged.Standing, judged.Before?.Name));
    }

    [Fact]
    public void The_name_of_a_stream_says_its_cluster_its_topic_and_its_id_which_may_hold_a_slash()
    {
        Assert.Equal(new CountedStream(First, "one", "events", "A/1"), CountedStream.Parse(First));
        Assert.Equal(new CountedStream(Plain, "one", "events", ""), CountedStream.Parse(Plain));
        Assert.True(CountedStream.Parse("named").IsConfigured);
    }
}
