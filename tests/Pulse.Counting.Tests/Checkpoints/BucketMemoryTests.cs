using static Pulse.Counting.Tests.Checkpoints.BucketExample;

namespace Pulse.Counting.Tests.Checkpoints;

public sealed class BucketMemoryTests
{
    [Fact]
    public void One_statement_of_a_bucket_is_under_way_at_a_time()
    {
        var memory = new BucketMemory(Row());
        memory.Freeze(Id, First, Named(2));

        Assert.Throws<InvalidOperationException>(() => memory.Freeze(Id, First, Named(3)));
    }

    [Fact]
    public void What_is_stored_was_frozen_before() =>
        Assert.Throws<InvalidOperationException>(() => new BucketMemory(Row()).Store());
}
