using Pulse.Actors.Broker;

namespace Pulse.Actors.Tests.Broker;

public sealed class StuckTimeTests
{
    private readonly StuckTime _stuck = new();
    private long _now = 1_000_000;

    [Fact]
    public void A_client_is_stuck_as_long_as_it_is_silent()
    {
        Assert.Equal(0, Look(silence: 0));
        for (var second = 1; second <= 40; second++)
        {
            _now += 1_000;
            Assert.Equal(second * 1_000, Look(silence: second * 1_000));
        }

        _now += 1_000;
        Assert.Equal(3, Look(silence: 3));
    }

    [Fact]
    public void The_time_in_which_the_process_stood_still_does_not_count()
    {
        Assert.Equal(0, Look(silence: 0));
        _now += 40_000;
        Assert.Equal(0, Look(silence: 40_000));
        // Looks that are overdue come all at once.
        Assert.Equal(0, Look(silence: 40_000));
        _now += StuckTime.LongestPause;
        Assert.Equal(StuckTime.LongestPause, Look(silence: 45_000));
    }

    private double Look(long silence) => _stuck.Look(TimeSpan.FromMilliseconds(silence), _now).TotalMilliseconds;
}
