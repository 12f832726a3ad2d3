namespace Pulse.Counting.Tests.Checkpoints;

public sealed class CheckpointPaceTests
{
    private const long FiveMinutes = 300_000;

    [Theory]
    [InlineData(1_999, 0, false)]
    [InlineData(2_000, 0, true)]
    [InlineData(2_000, 2_000, true)]
    public void While_few_cells_change_checkpoints_come_every_two_seconds(long sinceLast, int cells, bool isDue) =>
        Assert.Equal(isDue, CheckpointPace.IsDue(sinceLast, lastTook: 100, cells, FiveMinutes));

    [Theory]
    [InlineData(9_999, false)]
    [InlineData(10_000, true)]
    public void With_more_cells_they_come_less_often(long sinceLast, bool isDue) =>
        Assert.Equal(isDue, CheckpointPace.IsDue(sinceLast, lastTook: 100, changedCells: 10_000, FiveMinutes));

    [Theory]
    [InlineData(59_999, false)]
    [InlineData(60_000, true)]
    public void They_take_at_most_a_twentieth_of_the_time(long sinceLast, bool isDue) =>
        Assert.Equal(isDue, CheckpointPace.IsDue(sinceLast, lastTook: 3_000, changedCells: 1, FiveMinutes));

    [Fact]
    public void The_longest_time_is_never_passed() =>
        Assert.True(CheckpointPace.IsDue(sinceLast: 1_000, lastTook: 3_000, changedCells: 0, longest: 1_000));

    [Fact]
    public void A_bucket_with_very_many_changed_cells_does_not_wait() =>
        Assert.True(CheckpointPace.IsDue(sinceLast: 1, lastTook: 3_000, changedCells: 20_000, FiveMinutes));
}
