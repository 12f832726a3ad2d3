using static Pulse.Counting.Tests.Checkpoints.BucketExample;
using static Pulse.Counting.Tests.Examples;

namespace Pulse.Counting.Tests.Checkpoints;

/// <summary>How much may be unstored, in bytes: of a bucket, and of all buckets of a node.</summary>
public sealed class UnstoredMemoryTests
{
    private const int Cells = 100;
    private static readonly RollupKey Long = new(new string('x', 256), new string('y', 256));
    private static readonly long OfLong = CheckpointLimits.BytesPerCell + (2 * Long.EncodedBytes);

    [Fact]
    public void Few_cells_with_long_values_are_as_much_as_many_with_short_ones()
    {
        var example = Open(limits: CheckpointLimits.Default with { EarlyCheckpointBytes = OfLong, MaximumUnstoredBytes = 2 * OfLong });
        example.Apply(Delta(0, 1, new KeyCount(Drama, Early, 1)));
        Assert.Equal(0, Requests(example, Delta(1, 2, new KeyCount(Drama, Early, 1))));
        Assert.Equal(1, Requests(example, Delta(2, 3, new KeyCount(Long, Early, 1))));
        Assert.False(example.Bucket.IsFull);

        example.Apply(Delta(3, 4, new KeyCount(Long, Next, 1)));

        Assert.True(example.Bucket.IsFull);
        Assert.Null(example.Ask());
        StoreAll(example);
        Assert.Equal(At(4), example.Ask()?.Position);
    }

    [Fact]
    public void Gaps_count_as_well()
    {
        var example = Open(limits: CheckpointLimits.Default with { MaximumUnstoredBytes = Cells * CheckpointLimits.BytesPerCell });

        for (var gap = 0; gap < Cells; gap++)
        {
            Assert.False(example.Bucket.IsFull);
            example.Apply(Delta(gap, gap + 1) with { Gaps = [new Gap(Zero, gap, gap + 1)] });
        }

        Assert.True(example.Bucket.IsFull);
    }

    [Fact]
    public void A_node_is_full_with_what_its_buckets_hold_together_until_one_of_them_has_stored_something()
    {
        var memory = new UnstoredMemory(2 * OfLong);
        var (one, other) = (Open(memory: memory), Open(memory: memory));
        one.Apply(Delta(0, 1, new KeyCount(Long, Early, 1)));
        Assert.NotNull(other.Ask());
        one.Apply(Delta(1, 2, new KeyCount(Long, Next, 1)));

        Assert.True(memory.IsFull);
        Assert.Null(one.Ask());
        Assert.Null(other.Ask());
        Assert.Null(other.Apply(Delta(0, 1, new KeyCount(Drama, Early, 1))));
        Assert.Equal(0, other.Bucket.ChangedCells);

        StoreAll(one);
        Assert.Equal(0, memory.Bytes);
        Assert.Equal(AnswerKind.Applied, other.Apply(Delta(0, 1, new KeyCount(Drama, Early, 1)))?.Kind);
    }

    [Fact]
    public void What_is_refused_does_not_count_and_neither_does_what_is_forgotten()
    {
        var memory = new UnstoredMemory(OfLong);
        var apart = Full(memory);
        apart.Freeze(2);
        apart.Confirm(2);
        Assert.True(memory.IsFull);

        apart.Bucket.Refused(Named(2));
        apart.Bucket.TakeEffects();

        Assert.Equal(0, memory.Bytes);
    }

    [Fact]
    public void An_incarnation_that_is_over_or_gone_gives_its_memory_back()
    {
        var memory = new UnstoredMemory(OfLong);
        var overtaken = Full(memory);
        overtaken.Bucket.Look();
        overtaken.Bucket.CheckpointRead(overtaken.Look(), Named(9));
        overtaken.Bucket.TakeEffects();
        Assert.Equal(0, memory.Bytes);

        var gone = Full(memory);
        gone.Bucket.Leave();
        gone.Bucket.Leave();
        Assert.Equal(0, memory.Bytes);
    }

    private static BucketExample Full(UnstoredMemory memory)
    {
        var example = Open(memory: memory);
        example.Apply(Delta(0, 1, new KeyCount(Long, Early, 1)));
        Assert.True(memory.IsFull);
        return example;
    }

    private static void StoreAll(BucketExample example)
    {
        example.Freeze(2);
        example.Confirm(2);
        example.Bucket.Stored(Named(2), []);
        example.Bucket.TakeEffects();
    }

    private static int Requests(BucketExample example, Delta delta)
    {
        example.Bucket.Apply(delta, Session);
        return example.Bucket.TakeEffects().OfType<BucketEffect.RequestCheckpoint>().Count();
    }
}
