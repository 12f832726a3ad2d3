using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Counting;
using Pulse.Events;
using static Pulse.Actors.Tests.Counting.CountingExamples;

namespace Pulse.Actors.Tests.Hosting;

/// <summary>Which entity and shard a message goes to: the same on every node and in every version.</summary>
public sealed class MessageExtractorTests
{
    private readonly BucketMessageExtractor _buckets = new(64);
    private readonly PartitionMessageExtractor _partitions = new();

    [Fact]
    public void Every_message_for_a_bucket_goes_to_that_bucket()
    {
        var message = new BucketRequests(Mobile, default, [], [], []);

        Assert.Equal("viewsByDeviceGenre/6", _buckets.EntityId(message));
        Assert.Same(message, _buckets.EntityMessage(message));
        Assert.Equal(_buckets.ShardId(Mobile.EntityId), _buckets.ShardId(Mobile.EntityId, message));
    }

    [Fact]
    public void A_bucket_s_shard_is_pinned_for_nodes_of_all_versions_must_agree_on_it()
    {
        string[] ids =
        [
            Mobile.EntityId,
            Tablet.EntityId,
            BucketId.Owning(DeadLetters.Rollup, new RollupKey("NotJson")).EntityId,
        ];

        Assert.Equal("48 41 0", string.Join(" ", ids.Select(id => _buckets.ShardId(id))));
    }

    [Fact]
    public void Buckets_spread_over_all_shards()
    {
        var shards = Enumerable.Range(0, 5_000).Select(key => _buckets.ShardId($"rollup/{key}")).ToHashSet();

        Assert.Equal(64, shards.Count);
    }

    [Fact]
    public void What_is_no_message_for_a_bucket_goes_to_none()
    {
        Assert.Null(_buckets.EntityId(new KeepReading(1)));
        Assert.Null(_buckets.EntityId(StopBucket.Instance));
    }

    [Fact]
    public void Every_partition_is_an_entity_in_a_shard_of_its_own()
    {
        var message = new KeepReading(12);

        Assert.Equal("12", _partitions.EntityId(message));
        Assert.Equal("12", _partitions.ShardId("12", message));
        Assert.Same(message, _partitions.EntityMessage(message));
        Assert.Null(_partitions.EntityId(StopReading.Instance));
    }
}
