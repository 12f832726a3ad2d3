using CsCheck;
using static Pulse.Counting.Tests.Examples;

namespace Pulse.Counting.Tests.Checkpoints;

public sealed class BucketPositionsTests
{
    private static readonly Gen<LogPosition> Position = Gen.Select(
        Gen.Frequency((4, Gen.Long[0, 2_000]), (1, Gen.Long[0, long.MaxValue])), Gen.Int[-1, 3], Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[1, 9])),
        (offset, epoch, skipped) => new LogPosition(offset, epoch, epoch < 0 ? 0 : Math.Min(offset, skipped)));

    private static readonly Gen<(int Stream, int Partition, LogPosition Position)[]> Moves =
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 30], Position).Array[0, 60];

    [Fact]
    public void Every_partition_has_a_position_from_the_beginning() =>
        Assert.Equal(LogPosition.Start, new BucketPositions()[Zero]);

    [Fact]
    public void A_position_is_what_it_was_set_to_last_and_touches_no_other()
    {
        var positions = new BucketPositions();
        positions.Set(One, At(7, 2));
        positions.Set(One, At(9, 2));

        Assert.Equal(At(9, 2), positions[One]);
        Assert.Equal(LogPosition.Start, positions[Zero]);
        Assert.Equal(LogPosition.Start, positions[ZeroMadeAgain]);
        Assert.Equal(LogPosition.Start, positions[new StreamPartition(Topic, 5)]);
    }

    [Fact]
    public void A_copy_does_not_move_with_its_original()
    {
        var positions = Positions((0, At(1)));
        var copy = positions.Copy();
        positions.Set(Zero, At(2));

        Assert.Equal(At(1), copy[Zero]);
    }

    [Theory]
    [InlineData("s 5@1 7", "s 5@1 7", true)]
    [InlineData("s 5@1 7", "s 5 7@1", true)]
    [InlineData("s 5", "s 5 0", true)]
    [InlineData("s 5", "s 5\nt 0", true)]
    [InlineData("s 5\nt 6", "t 6\ns 5", true)]
    [InlineData("", "", true)]
    [InlineData("s 5@1", "s 5@2", false)]
    [InlineData("s 5", "s 6", false)]
    [InlineData("s 5", "s 5 1", false)]
    [InlineData("s 5", "s 5\nt 1", false)]
    [InlineData("s 5", "t 5", false)]
    [InlineData("", "s - 1", false)]
    public void Positions_are_the_same_where_all_partitions_are_at_the_same_place(string one, string other, bool areSame)
    {
        Assert.Equal(areSame, BucketPositions.Parse(one).AreSameAs(BucketPositions.Parse(other)));
        Assert.Equal(areSame, BucketPositions.Parse(other).AreSameAs(BucketPositions.Parse(one)));
    }

    [Fact]
    public void The_written_form_leaves_out_what_the_epoch_before_says()
    {
        var positions = Positions((0, At(1500, 3)), (1, At(1499, 3)), (3, At(20, 4)), (4, At(21)), (5, At(22)));
        positions.Set(ZeroMadeAgain, At(8));

        Assert.Equal("cluster/topic/1 1500@3 1499 - 20@4 21@- 22\ncluster/topic/2 8", positions.ToString());
    }

    [Fact]
    public void How_many_offsets_below_hold_no_record_is_written_where_there_are_some()
    {
        var positions = Positions((0, At(1500, 3).SkipTo(1502)), (1, At(9, 3).SkipTo(9).SkipTo(10)), (2, At(20).SkipTo(22)));

        Assert.Equal("cluster/topic/1 1502~2@3 10~1 22@-", positions.ToString());
        Assert.Equal(At(1500, 3), positions[Zero].BehindRecord);
        Assert.Equal(At(9, 3), positions[One].BehindRecord);
    }

    [Fact]
    public void What_was_written_reads_the_same() => Moves.Sample(moves =>
    {
        var positions = new BucketPositions();
        foreach (var (stream, partition, position) in moves)
            positions.Set(new StreamPartition($"cluster/topic/{stream}", partition), position);

        var read = BucketPositions.Parse(positions.ToString());

        Assert.Equal(positions.Streams, read.Streams);
        foreach (var stream in positions.Streams)
            Assert.Equal(positions.Of(stream), read.Of(stream));
        Assert.Equal(positions.ToString(), read.ToString());
    });

    [Fact]
    public void The_written_form_takes_about_eight_bytes_a_partition()
    {
        var positions = new BucketPositions();
        for (var partition = 0; partition < 2_000; partition++)
            positions.Set(new StreamPartition(Topic, partition), At(1_000_000 + (partition * 37), 12));

        Assert.InRange(positions.ToString().Length, 0, 2_000 * 8 + 100);
    }

    [Fact]
    public void Of_more_than_eight_streams_the_one_that_came_first_goes()
    {
        var positions = new BucketPositions();
        for (var number = 0; number <= BucketPositions.MaximumStreams; number++)
            positions.Set(new StreamPartition($"stream{number}", 0), At(5));

        Assert.Equal(BucketPositions.MaximumStreams, positions.Streams.Count());
        Assert.DoesNotContain("stream0", positions.Streams);
        Assert.Contains("stream8", positions.Streams);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("two\nlines")]
    [InlineData("tab\t")]
    [InlineData("nul\0")]
    public void A_stream_whose_name_could_not_be_written_down_is_refused(string stream) =>
        Assert.Throws<ArgumentException>(() => new BucketPositions().Set(new StreamPartition(stream, 0), At(1)));

    [Theory]
    [InlineData(-1, 0, 0)]
    [InlineData(BucketPositions.MaximumPartitions, 0, 0)]
    [InlineData(0, -1, 0)]
    [InlineData(0, 0, -2)]
    [InlineData(0, 5, 1, -1)]
    [InlineData(0, 5, 1, 6)]
    public void A_position_that_no_log_has_is_refused(int partition, long offset, int epoch, long skipped = 0) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new BucketPositions().Set(new StreamPartition(Topic, partition), new LogPosition(offset, epoch, skipped)));

    [Theory]
    [InlineData("s 15x0", "Line 1, partition 0: '15x0'")]
    [InlineData("s 1\nt 1 2 -5", "Line 2, partition 2: '-5'")]
    [InlineData("s 1@", "Line 1, partition 0: '1@'")]
    [InlineData("s 1@x", "Line 1, partition 0: '1@x'")]
    [InlineData("s 1@-1", "Line 1, partition 0: '1@-1'")]
    [InlineData("s 1~", "Line 1, partition 0: '1~'")]
    [InlineData("s 1~x@2", "Line 1, partition 0: '1~x@2'")]
    [InlineData("s 1~-1@2", "Line 1, partition 0: '1~-1@2'")]
    [InlineData("s 99999999999999999999", "Line 1, partition 0: '99999999999999999999'")]
    [InlineData("s 1  2", "Line 1, partition 1: ''")]
    [InlineData("s", "Line 1: the stream 's' has no position")]
    [InlineData("s 1 -", "Line 1: the last partition has no position")]
    [InlineData("s 1\ns 2", "Line 2: the stream 's' has a line already")]
    [InlineData("s 1\n", "Line 2: the stream '' has no position")]
    [InlineData(" 1", "Line 1: '' is no stream")]
    [InlineData("a 1\nb 1\nc 1\nd 1\ne 1\nf 1\ng 1\nh 1\ni 1", "There are 9 lines")]
    public void What_is_no_text_of_positions_is_refused_with_the_place(string text, string message)
    {
        var refused = Assert.Throws<FormatException>(() => BucketPositions.Parse(text));

        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_names_at_most_as_many_partitions_as_are_possible()
    {
        var most = string.Concat(Enumerable.Repeat(" 1", BucketPositions.MaximumPartitions));
        Assert.Equal(At(1), BucketPositions.Parse("s" + most)[new StreamPartition("s", BucketPositions.MaximumPartitions - 1)]);

        var refused = Assert.Throws<FormatException>(() => BucketPositions.Parse($"s{most} 1"));

        Assert.StartsWith("Line 1: there are 100001 positions; 100000 are possible", refused.Message, StringComparison.Ordinal);
    }

    private static BucketPositions Positions(params (int Partition, LogPosition Position)[] all)
    {
        var positions = new BucketPositions();
        foreach (var (partition, position) in all)
            positions.Set(new StreamPartition(Topic, partition), position);
        return positions;
    }
}
