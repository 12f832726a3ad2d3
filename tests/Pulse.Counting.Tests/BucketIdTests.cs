using CsCheck;

namespace Pulse.Counting.Tests;

public sealed class BucketIdTests
{
    private const int ManyBuckets = 4096;

    private static readonly Rollup ByDeviceGenre = new("viewsByDeviceGenre", ["device_type", "genre"]);

    private static readonly Gen<string> Value =
        Gen.Frequency((3, Gen.Char["abcé日|/#~%0 \t"]), (1, Gen.Char['\u0020', '\uD7FF'])).Array[0, 6]
            .Select(characters => new string(characters));

    private static readonly Gen<RollupKey> Key = Gen.Select(Value, Value, (first, second) => new RollupKey(first, second));

    [Fact]
    public void A_bucket_is_named_by_its_rollup_and_its_number()
    {
        var bucket = BucketId.Owning(ByDeviceGenre, Examples.Drama);

        Assert.Equal("viewsByDeviceGenre/6", bucket.EntityId);
        Assert.Equal("viewsByDeviceGenre/6", bucket.ToString());
    }

    // Another version must find the same bucket, so these numbers never change. An implementation of XXH64 in another
    // language gave them.
    [Theory]
    [InlineData("Mobile", "Drama", 0x070E06D23249FDD6)]
    [InlineData("Tablet", "Comedy", 0xD66621180A64B471)]
    [InlineData("", "", 0x5469C3F8A2463E8D)]
    [InlineData("日本", "é", 0xD525E25EAF54A68D)]
    public void The_hash_is_the_same_in_every_version(string first, string second, ulong hash)
    {
        var key = new RollupKey(first, second);

        Assert.Equal(hash, KeyHash.Of(key));
        Assert.Equal((int)(hash % ManyBuckets), BucketId.NumberOf(ByDeviceGenre with { Buckets = ManyBuckets }, key));
        Assert.Equal((int)(hash % 16), BucketId.Owning(ByDeviceGenre, key).Number);
    }

    [Fact]
    public void A_key_of_any_length_has_a_hash() =>
        Assert.Equal(0x76ECA063D341E0B8UL, KeyHash.Of(new RollupKey(new string('x', 40), new string('y', 600))));

    [Fact]
    public void The_hash_tells_where_a_value_ends() =>
        Assert.NotEqual(KeyHash.Of(new RollupKey("ab", "c")), KeyHash.Of(new RollupKey("a", "bc")));

    [Theory]
    [InlineData("")]
    [InlineData("rollup")]
    [InlineData("/7")]
    [InlineData("rollup/")]
    [InlineData("rollup/x")]
    [InlineData("rollup/-1")]
    [InlineData("rollup/ 1")]
    [InlineData("rollup/99999999999")]
    public void What_is_no_entity_id_is_refused_by_name(string entityId)
    {
        var refused = Assert.Throws<FormatException>(() => BucketId.Parse(entityId));

        Assert.Contains($"'{entityId}'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_entity_id_reads_back_to_the_same_bucket() =>
        Gen.Int[0, ManyBuckets - 1].Sample(number =>
        {
            var bucket = new BucketId("viewsByTitle", number);
            var read = BucketId.Parse(bucket.EntityId);
            return bucket == read && bucket.GetHashCode() == read.GetHashCode();
        });

    [Fact]
    public void Buckets_stay_within_their_number() =>
        Gen.Select(Key, Gen.Int[1, ManyBuckets]).Sample((key, buckets) =>
            BucketId.Owning(ByDeviceGenre with { Buckets = buckets }, key).Number is var number && number >= 0 && number < buckets);

    [Fact]
    public void Keys_spread_over_all_buckets()
    {
        var sizes = Enumerable.Range(0, 16_000)
            .CountBy(number => BucketId.Owning(ByDeviceGenre, new RollupKey($"title {number}", "x")).Number)
            .ToDictionary();

        Assert.Equal(16, sizes.Count);
        Assert.All(sizes.Values, size => Assert.InRange(size, 800, 1_200));
    }
}
