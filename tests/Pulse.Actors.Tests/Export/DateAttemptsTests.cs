using Pulse.Actors.Coordination;

namespace Pulse.Actors.Tests.Export;

public sealed class DateAttemptsTests
{
    private static readonly ExportOptions Options = new() { ParallelDates = 2, Attempts = 7 };
    private static readonly RollupDate One = new("one", new DateOnly(2026, 1, 1));
    private static readonly RollupDate Two = new("two", new DateOnly(2026, 1, 1));
    private static readonly RollupDate Three = new("three", new DateOnly(2026, 1, 1));

    [Fact]
    public void No_more_dates_run_at_a_time_than_the_limit()
    {
        var attempts = new DateAttempts([One, Two, Three], Options);

        Assert.Equal([One, Two], Started(attempts));
        attempts.Succeeded(One);
        Assert.Equal([Three], Started(attempts));
        attempts.Succeeded(Two);
        attempts.Succeeded(Three);

        Assert.True(attempts.IsOver);
        Assert.Equal(0, attempts.GivenUp);
    }

    [Fact]
    public void A_postponed_date_is_due_again_behind_the_others_and_keeps_all_its_attempts()
    {
        var attempts = new DateAttempts([One, Two, Three], Options with { ParallelDates = 1 });
        for (var time = 0; time < 2 * Options.Attempts; time++)
        {
            Assert.True(attempts.TryStart(out var date));
            attempts.Postpone(date);
        }

        Assert.False(attempts.IsOver);
        Assert.True(attempts.TryStart(out var last));
        Assert.Equal(Three, last);
        Assert.Equal(TimeSpan.FromSeconds(1), attempts.Failed(Three));
        Assert.Equal(0, attempts.GivenUp);
    }

    [Fact]
    public void A_failing_date_pauses_ever_longer_up_to_the_longest_and_is_given_up_in_the_end()
    {
        var attempts = new DateAttempts([One], Options);
        var pauses = new List<double?>();
        for (var attempt = 0; attempt < Options.Attempts; attempt++)
        {
            Assert.Equal([One], Started(attempts));
            pauses.Add(attempts.Failed(One)?.TotalSeconds);
            Assert.Empty(Started(attempts));
            attempts.Resume(One);
        }

        Assert.Equal([1, 2, 4, 8, 16, 30, null], pauses);
        Assert.Equal(1, attempts.GivenUp);
        Assert.True(attempts.IsOver);
        Assert.Empty(Started(attempts));
    }

    [Fact]
    public void A_pausing_date_gives_its_place_to_others_and_is_not_over()
    {
        var attempts = new DateAttempts([One, Two, Three], Options);
        Started(attempts);

        attempts.Failed(One);

        Assert.Equal([Three], Started(attempts));
        attempts.Succeeded(Two);
        attempts.Succeeded(Three);
        Assert.False(attempts.IsOver);
        attempts.Resume(One);
        Assert.Equal([One], Started(attempts));
    }

    [Fact]
    public void A_date_that_fails_for_good_takes_no_attempts_from_the_others()
    {
        var attempts = new DateAttempts([One, Two, Three], Options);
        Started(attempts);

        Assert.Null(attempts.Failed(One, forGood: true));

        Assert.NotNull(attempts.Failed(Two));
        Assert.Equal(1, attempts.GivenUp);
    }

    [Fact]
    public void After_one_date_has_used_up_its_attempts_the_others_get_one_each()
    {
        var options = Options with { Attempts = 1 };
        var attempts = new DateAttempts([One, Two, Three], options);
        Started(attempts);

        Assert.Null(attempts.Failed(One));
        Assert.Equal([Three], Started(attempts));
        Assert.Null(attempts.Failed(Two));
        attempts.Succeeded(Three);

        Assert.Equal(2, attempts.GivenUp);
        Assert.True(attempts.IsOver);
    }

    private static List<RollupDate> Started(DateAttempts attempts)
    {
        var started = new List<RollupDate>();
        while (attempts.TryStart(out var date))
            started.Add(date);
        return started;
    }
}
