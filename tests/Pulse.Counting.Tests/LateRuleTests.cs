namespace Pulse.Counting.Tests;

public sealed class LateRuleTests
{
    private const long Now = 1_767_225_600_000;
    private static readonly Window Ended = new((Now / 1000) - 600);
    private static readonly LateRule TenMinutes = new(TimeSpan.FromMinutes(10));

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(-1, false)]
    public void An_event_is_late_by_the_millisecond(long after, bool late) =>
        Assert.Equal(late, TenMinutes.IsLate(Ended, Now + after));

    [Fact]
    public void Without_a_limit_nothing_is_late() =>
        Assert.False(new LateRule(null).IsLate(new Window(0), Now));

    [Fact]
    public void With_a_limit_of_zero_an_event_has_the_end_of_its_window()
    {
        var rule = new LateRule(TimeSpan.Zero);

        Assert.False(rule.IsLate(Ended, Ended.EndUnixSeconds * 1000));
        Assert.True(rule.IsLate(Ended, (Ended.EndUnixSeconds * 1000) + 1));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-2)]
    [InlineData(long.MinValue)]
    [InlineData(Now * 1000)]
    [InlineData(221_876_928_000_000)]
    [InlineData(long.MaxValue)]
    public void A_record_without_a_time_that_can_be_one_is_never_late(long recordUnixMilliseconds) =>
        Assert.False(TenMinutes.IsLate(new Window(300), recordUnixMilliseconds));

    [Fact]
    public void The_last_instant_of_the_year_9000_is_a_time() =>
        Assert.True(TenMinutes.IsLate(Ended, 221_876_927_999_999));
}
