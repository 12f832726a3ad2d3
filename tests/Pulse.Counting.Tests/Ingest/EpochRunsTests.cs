using CsCheck;
using static Pulse.Counting.Tests.Examples;

namespace Pulse.Counting.Tests.Ingest;

public sealed class EpochRunsTests
{
    private const int Unknown = LogPosition.UnknownEpoch;

    // A log as distances between records and rises of the epoch.
    private static readonly Gen<(int Distance, int Rise)[]> Log =
        Gen.Select(Gen.Frequency((4, Gen.Const(1)), (1, Gen.Int[2, 4])), Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[1, 3]))).Array[1, 40];

    [Fact]
    public void Of_every_record_that_was_read_the_epoch_is_known_and_no_other_is_allowed() => Log.Sample(log =>
    {
        var runs = new EpochRuns();
        var records = Records(log);
        foreach (var (offset, epoch) in records)
            runs.Read(offset, epoch);

        foreach (var (offset, epoch) in records)
        {
            Assert.Equal(epoch, runs.EpochBelow(offset + 1));
            Assert.True(runs.Allows(At(offset + 1, epoch)));
            Assert.False(runs.Allows(At(offset + 1, epoch + 1)));
            Assert.False(runs.Allows(At(offset + 1, epoch - 1)) && epoch > 0);
            Assert.True(runs.Allows(At(offset + 1)));
        }

        Assert.False(runs.HasFallen);
    });

    [Fact]
    public void Where_the_record_below_was_not_read_the_epochs_around_it_bound_what_is_allowed() => Log.Sample(log =>
    {
        var runs = new EpochRuns();
        var records = Records(log);
        foreach (var (offset, epoch) in records)
            runs.Read(offset, epoch);

        for (var index = 1; index < records.Count; index++)
        {
            var ((before, low), (after, high)) = (records[index - 1], records[index]);
            for (var offset = before + 2; offset <= after; offset++)
            {
                Assert.Equal(low == high ? low : Unknown, runs.EpochBelow(offset));
                for (var epoch = 0; epoch < 130; epoch++)
                    Assert.Equal(low <= epoch && epoch <= high, runs.Allows(At(offset, epoch)));
            }
        }
    });

    [Fact]
    public void Beyond_the_last_record_no_lower_epoch_is_allowed_and_nothing_is_known()
    {
        var runs = new EpochRuns();
        runs.Read(4, 2);

        Assert.Equal(Unknown, runs.EpochBelow(9));
        Assert.Equal([false, true, true], new[] { 1, 2, 3 }.Select(epoch => runs.Allows(At(9, epoch))));
    }

    [Fact]
    public void Below_the_first_record_no_higher_epoch_is_allowed()
    {
        var runs = new EpochRuns();
        runs.Read(4, 2);

        Assert.Equal(Unknown, runs.EpochBelow(4));
        Assert.Equal([true, true, false], new[] { 1, 2, 3 }.Select(epoch => runs.Allows(At(3, epoch))));
    }

    [Fact]
    public void Where_reading_begins_the_epoch_of_the_position_is_known()
    {
        var runs = new EpochRuns();
        runs.Read(50, 9);
        runs.StartAt(At(7, 2));

        Assert.Equal(2, runs.EpochBelow(7));
        Assert.False(runs.Allows(At(7, 3)));
        runs.Read(7, 1);
        Assert.True(runs.HasFallen);
        runs.StartAt(At(7));
        Assert.False(runs.HasFallen);
        Assert.True(runs.Allows(At(7, 3)));
    }

    [Fact]
    public void Records_without_an_epoch_say_nothing()
    {
        var runs = new EpochRuns();
        runs.Read(1, 4);
        runs.Read(2, Unknown);
        runs.Read(3, Unknown);
        runs.Read(4, 4);
        runs.Read(5, 5);

        Assert.Equal([4, Unknown, Unknown, 4, 5], new long[] { 2, 3, 4, 5, 6 }.Select(runs.EpochBelow));
        Assert.False(runs.HasFallen);
        runs.Read(6, Unknown);
        runs.Read(7, 4);
        Assert.True(runs.HasFallen);
    }

    [Fact]
    public void Epochs_that_fall_twice_have_fallen()
    {
        var runs = new EpochRuns();
        for (var offset = 0; offset < 3; offset++)
            runs.Read(offset, 3 - offset);

        Assert.True(runs.HasFallen);
    }

    [Fact]
    public void Very_many_runs_are_forgotten_from_below()
    {
        var runs = new EpochRuns();
        for (var offset = 0; offset <= EpochRuns.MaximumRuns; offset++)
            runs.Read(offset, offset);

        Assert.Equal(Unknown, runs.EpochBelow(1));
        Assert.Equal(EpochRuns.MaximumRuns, runs.EpochBelow(EpochRuns.MaximumRuns + 1));
        Assert.True(runs.Allows(At(1, 0)));
    }

    private static List<(long Offset, int Epoch)> Records((int Distance, int Rise)[] log)
    {
        var records = new List<(long, int)>();
        var (offset, epoch) = (-1L, 0);
        foreach (var (distance, rise) in log)
            records.Add((offset += distance, epoch += rise));
        return records;
    }
}
