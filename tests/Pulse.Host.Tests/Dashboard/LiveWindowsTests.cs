using Pulse.Actors.Buckets;
using Pulse.Actors.Live;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Host.Dashboard;

namespace Pulse.Host.Tests.Dashboard;

/// <summary>Live pages show the windows that have begun, and say which have not.</summary>
public sealed class LiveWindowsTests
{
    private static readonly Rollup Rollup = RollupCatalog.BuiltIn[0];
    private static readonly DateTime Noon = new(2026, 6, 1, 12, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData(0, "12:05")]
    [InlineData(-1, "12:00")]
    [InlineData(299_999, "12:05")]
    [InlineData(300_000, "12:10")]
    public void A_window_is_the_latest_from_the_millisecond_at_which_it_begins(int milliseconds, string end)
    {
        var windows = At(Noon.AddMilliseconds(milliseconds));

        Assert.Equal(end, windows.Latest.EndUtc.ToString("HH:mm", null));
        Assert.Equal(windows.Latest.EndUtc - Noon.AddMilliseconds(milliseconds), windows.UntilNext);
    }

    [Fact]
    public void The_newest_windows_are_those_that_have_begun_and_the_later_ones_stand_apart()
    {
        // 1 before noon, 2 in the window that begins at noon, and 4, 8 and 16 in windows that are still to come.
        var counts = Counts((-5, 1), (5, 2), (10, 4), (300, 8), (60 * 24 * 30, 16));
        var windows = At(Noon.AddMinutes(1));

        Assert.Equal([2L], Totals(counts, windows.Newest(1)));
        Assert.Equal([1L, 2L], Totals(counts, windows.Newest(288)));
        Assert.Equal([4L, 8L, 16L], Totals(counts, windows.Later()));
        Assert.Equal([2L, 4L], Totals(counts, At(Noon.AddMinutes(5)).Newest(2)));
        Assert.Empty(Totals(counts, At(Noon.AddYears(1)).Later()));
    }

    [Fact]
    public void Where_nothing_has_begun_nothing_is_shown_live() =>
        Assert.Empty(Totals(Counts((10, 4)), At(Noon).Newest(1)));

    private static LiveWindows At(DateTime now) => new(Rollup, Window.DefaultLength, new StoppedClock(now));

    private static RollupCounts Counts(params (int EndMinutes, long Total)[] windows)
    {
        var counts = new RollupCounts(Rollup, new LiveOptions(), TimeSpan.FromMinutes(10), TimeProvider.System);
        counts.Fill(
            windows.Select(window => new LiveBucket(
                new BucketId(Rollup.Name, 0),
                1,
                [
                    new LiveWindow(
                        Window.EndingAt(Noon.AddMinutes(window.EndMinutes)),
                        window.Total,
                        [new KeyTotal(new RollupKey("Mobile", "Drama"), window.Total)]),
                ])),
            new Dictionary<int, long>(),
            new Window(0),
            below: null);
        return counts;
    }

    private static IEnumerable<long> Totals(RollupCounts counts, RollupQuery query)
    {
        var sum = new CountSum(query);
        counts.AddTo(query, sum);
        return sum.ToAnswer().Windows.Select(window => window.Count);
    }

    private sealed class StoppedClock(DateTime now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(now);
    }
}
