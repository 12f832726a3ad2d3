namespace Pulse.Counting.Tests;

public sealed class TimeRangeTests
{
    [Theory]
    [InlineData("1970-01-01T00:00:00.000Z", 0)]
    [InlineData("9000-12-31T23:59:59.999Z", 0)]
    [InlineData("1970-01-01T00:00:00.000Z", -1)]
    [InlineData("9000-12-31T23:59:59.999Z", 1)]
    public void The_years_1970_to_9000_are_times_and_no_millisecond_more(string edge, int beyond) => Assert.Equal(
        beyond == 0,
        TimeRange.Holds(DateTimeOffset.Parse(edge, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds() + beyond));
}
