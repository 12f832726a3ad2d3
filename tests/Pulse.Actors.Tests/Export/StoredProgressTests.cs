using Pulse.Actors.Coordination;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Counting;

namespace Pulse.Actors.Tests.Export;

public sealed class StoredProgressTests
{
    private static readonly DateTime Noon = new(2026, 1, 2, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void It_is_the_least_position_of_all_buckets_in_each_partition()
    {
        var stored = StoredProgress.Of("stream", [At("stream", 10, 7, 30), At("stream", 12, 5, 30), At("stream", 11, 9, 31)]);

        Assert.Equal([10, 5, 30], Enumerable.Range(0, 3).Select(partition => stored[partition]));
    }

    [Fact]
    public void A_bucket_that_has_handled_nothing_of_a_partition_stands_at_its_start()
    {
        var stored = StoredProgress.Of("stream", [At("stream", 10, 7), At("stream", 12), At("stream", 11, 9, 31)]);

        Assert.Equal([10, 0, 0], Enumerable.Range(0, 3).Select(partition => stored[partition]));
    }

    [Fact]
    public void Positions_in_another_stream_say_nothing()
    {
        var stored = StoredProgress.Of("stream", [At("stream", 10), At("another", 12)]);

        Assert.Equal(0, stored[0]);
    }

    [Theory]
    [InlineData(0, 10, 0, 10)]
    [InlineData(0, 10, 4, 6)]
    [InlineData(0, 10, 10, 0)]
    [InlineData(0, 10, 12, 0)]
    [InlineData(0, 0, 0, 0)]
    // What retention has removed is waited for no more, but buckets come past it.
    [InlineData(5, 10, 0, 5)]
    [InlineData(5, 10, 3, 5)]
    [InlineData(5, 10, 8, 2)]
    [InlineData(7, 7, 0, 1)]
    [InlineData(7, 7, 5, 1)]
    [InlineData(7, 7, 7, 0)]
    public void A_partition_is_drained_when_every_bucket_stands_at_its_end(long low, long high, long position, long left) =>
        Assert.Equal(left, new PartitionRange(0, low, high).NotStored(position));

    [Fact]
    public void A_completion_is_drained_when_every_partition_that_it_read_is_and_those_added_later_do_not_matter()
    {
        var accepted = new CompletionAccepted(
            new CompletionId("stream", 0, 0), Noon, Noon,
            [new PartitionRange(0, 0, 10), new PartitionRange(1, 0, 5), new PartitionRange(2, 0, 0)]);

        Assert.Equal(15, accepted.EventsToDrain(Stored()));
        Assert.Equal(5, accepted.EventsToDrain(Stored(10)));
        Assert.Equal(1, accepted.EventsToDrain(Stored(100, 4)));
        Assert.Equal(0, accepted.EventsToDrain(Stored(10, 5)));
        Assert.Equal(0, accepted.EventsToDrain(Stored(10, 5, 0, 3)));
    }

    private static StoredProgress Stored(params long[] offsets) => StoredProgress.Of("stream", [At("stream", offsets)]);

    private static BucketPositions At(string stream, params long[] offsets)
    {
        var positions = new BucketPositions();
        for (var partition = 0; partition < offsets.Length; partition++)
            positions.Set(new StreamPartition(stream, partition), new LogPosition(offsets[partition], LogPosition.UnknownEpoch));
        return positions;
    }
}
