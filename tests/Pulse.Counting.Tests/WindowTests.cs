using CsCheck;

namespace Pulse.Counting.Tests;

public sealed class WindowTests
{
    private const long FiveMinutes = 300;

    private static long Milliseconds(string utc) => DateTimeOffset.Parse(utc, null).ToUnixTimeMilliseconds();

    [Theory]
    [InlineData("2026-01-01T00:00:00.000Z", "2026-01-01T00:05:00Z")]
    [InlineData("2026-01-01T00:04:59.999Z", "2026-01-01T00:05:00Z")]
    [InlineData("2026-01-01T00:05:00.000Z", "2026-01-01T00:10:00Z")]
    [InlineData("2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00Z")]
    [InlineData("1970-01-01T00:00:00.000Z", "1970-01-01T00:05:00Z")]
    [InlineData("1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z")]
    [InlineData("1969-12-31T23:55:00.000Z", "1970-01-01T00:00:00Z")]
    [InlineData("1969-12-31T23:54:59.999Z", "1969-12-31T23:55:00Z")]
    public void An_instant_on_a_border_belongs_to_the_later_window(string instant, string end) =>
        Assert.Equal(end, Window.Containing(Milliseconds(instant), FiveMinutes).ToString());

    [Fact]
    public void Every_instant_lies_in_its_window() =>
        Gen.Select(Gen.Long[-4_000_000_000_000, 253_402_300_799_999], Gen.Long[1, 172_800])
            .Sample((milliseconds, length) =>
            {
                var end = Window.Containing(milliseconds, length).EndUnixSeconds;

                Assert.Equal(0, end % length);
                Assert.InRange(milliseconds, (end - length) * 1000, (end * 1000) - 1);
            });

    [Fact]
    public void A_window_is_found_again_by_its_end_in_UTC()
    {
        var window = Window.Containing(Milliseconds("2026-03-29T01:02:03Z"), FiveMinutes);

        Assert.Equal(new DateTime(2026, 3, 29, 1, 5, 0, DateTimeKind.Utc), window.EndUtc);
        Assert.Equal(DateTimeKind.Utc, window.EndUtc.Kind);
        Assert.Equal(window, Window.EndingAt(window.EndUtc));
    }

    [Theory]
    [InlineData(136_272_661_805)]
    [InlineData(221_876_927_999)]
    public void A_window_of_a_far_year_is_found_again_to_the_second(long end) =>
        Assert.Equal(new Window(end), Window.EndingAt(new Window(end).EndUtc));

    [Fact]
    public void Every_window_of_the_calendar_is_found_again_by_its_end() =>
        Gen.Long[-62_135_596_800, 253_402_300_799].Sample(end => Assert.Equal(new Window(end), Window.EndingAt(new Window(end).EndUtc)));

    [Fact]
    public void Windows_are_ordered_by_their_ends() =>
        Gen.Select(Gen.Long[-5, 5], Gen.Long[-5, 5]).Sample((first, second) =>
        {
            var (one, other) = (new Window(first), new Window(second));

            Assert.Equal(first.CompareTo(second), one.CompareTo(other));
            Assert.Equal(first < second, one < other);
            Assert.Equal(first <= second, one <= other);
            Assert.Equal(first > second, one > other);
            Assert.Equal(first >= second, one >= other);
            Assert.Equal(first == second, one == other);
        });
}
