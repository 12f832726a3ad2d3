using Pulse.Simulator.Generation;

namespace Pulse.Simulator.Tests.Generation;

public sealed class RecordTimesTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1, 5.0, 60.0)]
    [InlineData(300_000, 2_000.0, 60.0)]
    [InlineData(1_550, 5.0, 1.0)]
    [InlineData(100, 10.0, 1_000_000.0)]
    public void The_last_record_is_stamped_about_when_it_is_produced(int events, double rate, double speedUp)
    {
        var times = new RecordTimes(new SimulatorOptions { Events = events, Rate = rate, SpeedUp = speedUp }, Now);

        Assert.InRange((Time(times, events - 1) - Produced(events - 1, rate)).TotalMilliseconds, -1, 1);
        for (var number = 0; number < events; number++)
            Assert.True(Time(times, number) <= Produced(number, rate).AddMilliseconds(1));
    }

    [Theory]
    [InlineData(1.0, 100)]
    [InlineData(60.0, 6_000)]
    public void Without_a_rate_the_last_record_is_stamped_with_the_runs_beginning(double speedUp, int secondsBefore)
    {
        var times = new RecordTimes(new SimulatorOptions { Events = 1_000_001, Rate = 0, SpeedUp = speedUp }, Now);

        Assert.Equal((Now.AddSeconds(-secondsBefore), Now), (times.Start, Time(times, 1_000_000)));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    public void A_stream_that_is_slower_than_the_clock_begins_now(double speedUp)
    {
        var times = new RecordTimes(new SimulatorOptions { Events = 1_000, SpeedUp = speedUp }, Now);

        Assert.Equal((Now, Now.AddSeconds(999 / 5.0 * speedUp)), (times.Start, Time(times, 999)));
    }

    [Theory]
    [InlineData(2_000.0, 60.0)]
    [InlineData(5.0, 2.0)]
    public void An_endless_stream_begins_a_day_ago_catches_up_at_its_speed_and_goes_on_in_real_time(double rate, double speedUp)
    {
        var times = new RecordTimes(new SimulatorOptions { Endless = true, Rate = rate, SpeedUp = speedUp }, Now);
        var caughtUp = (long)Math.Ceiling(rate * 86_400 / (speedUp - 1));
        var step = 1_000 / rate * speedUp;

        Assert.Equal(Now.AddDays(-1), times.Start);
        Assert.Equal(step, times[1] - times[0], 1.0);
        Assert.InRange((Produced(caughtUp / 2, rate) - Time(times, caughtUp / 2)).TotalHours, 11.9, 24);
        foreach (var later in (long[])[0, 1, 10, 1_000_000])
            Assert.InRange((Produced(caughtUp + later, rate) - Time(times, caughtUp + later)).TotalMilliseconds, -1, 1);
    }

    [Fact]
    public void An_endless_stream_may_catch_up_between_two_records()
    {
        var times = new RecordTimes(new SimulatorOptions { Endless = true, Rate = 5, SpeedUp = 1_000_000 }, Now);

        Assert.Equal(Now.AddDays(-1), Time(times, 0));
        foreach (var later in (long[])[1, 2, 1_000])
            Assert.InRange((Produced(later, rate: 5) - Time(times, later)).TotalMilliseconds, -1, 1);
    }

    [Fact]
    public void An_endless_stream_in_real_time_begins_now() =>
        Assert.Equal(Now, new RecordTimes(new SimulatorOptions { Endless = true }, Now).Start);

    [Fact]
    public void A_duration_at_no_rate_has_no_known_end() => Assert.Equal(
        Now.AddDays(-1), new RecordTimes(new SimulatorOptions { Duration = TimeSpan.FromMinutes(1), Rate = 0 }, Now).Start);

    [Fact]
    public void The_start_that_was_chosen_gives_the_same_times_again_whenever()
    {
        SimulatorOptions[] all =
        [
            new() { Events = 300_000, Rate = 2_000, SpeedUp = 60 }, new() { Endless = true, Rate = 10, SpeedUp = 100_000 },
        ];
        foreach (var options in all)
        {
            var chosen = new RecordTimes(options, Now.AddMilliseconds(0.4));
            var again = new RecordTimes(options with { Start = chosen.Start }, Now.AddYears(1));
            foreach (var number in (long[])[0, 1, 8, 9, 10, 299_999])
                Assert.Equal(chosen[number], again[number]);
        }
    }

    private static DateTimeOffset Time(RecordTimes times, long number) => DateTimeOffset.FromUnixTimeMilliseconds(times[number]);

    private static DateTimeOffset Produced(long number, double rate) => Now.AddSeconds(number / rate);
}
