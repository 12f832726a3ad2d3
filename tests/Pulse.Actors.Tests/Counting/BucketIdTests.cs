using CsCheck;
using Pulse.Counting;
using Pulse.Events;
using static Pulse.Actors.Tests.Counting.CountingExamples;

namespace Pulse.Actors.Tests.Counting;

public sealed class BucketIdTests
{
    // Characters that mean something in a bucket's name, beside ordinary ones.
    private static readonly Gen<string> Value =
        Gen.Frequency((3, Gen.Char["abcé日|/#~%0 \t"]), (1, Gen.Char['\u0020', '\uD7FF'])).Array[1, 6]
            .Select(characters => new string(characters));

    private static readonly Gen<RollupKey> Key = Gen.Select(Value, Value, (first, second) => new RollupKey(first, second));

    [Fact]
    public void A_bucket_is_named_by_its_rollup_and_its_key()
    {
        Assert.Equal("viewsByDeviceGenre/Mobile|Drama", BucketId.Owning(ByDeviceGenre, MobileDrama).EntityId);
        Assert.Equal("viewsByDeviceGenre/Mobile|Drama", Mobile.ToString());
    }

    [Fact]
    public void Characters_that_mean_something_are_escaped() =>
        Assert.Equal(
            "viewsByDeviceGenre/a%7Cb%2F|%23%25%C3%A9",
            BucketId.Owning(ByDeviceGenre, new RollupKey("a|b/", "#%é")).EntityId);

    [Fact]
    public void A_name_too_long_for_a_persistence_id_becomes_a_digest()
    {
        var bucket = BucketId.Owning(ByDeviceGenre, new RollupKey(new string('日', 100), "x"));

        Assert.Matches("^~[0-9a-f]{64}$", bucket.Name);
        Assert.NotEqual(bucket, BucketId.Owning(ByDeviceGenre, new RollupKey(new string('日', 100), "y")));
        Assert.True(BucketId.Owning(ByDeviceGenre, new RollupKey(new string('a', 158), "x")).Name.Length <= 160);
    }

    // Another version must find the same bucket, so these numbers never change.
    [Theory]
    [InlineData("Mobile", "Drama", "#504")]
    [InlineData("Tablet", "Comedy", "#3818")]
    [InlineData("", "", "#355")]
    [InlineData("日本", "é", "#3877")]
    public void The_hash_is_the_same_in_every_version(string first, string second, string name) =>
        Assert.Equal(name, BucketId.Owning(ByDeviceGenre with { Buckets = 4096 }, new RollupKey(first, second)).Name);

    [Fact]
    public void The_hash_tells_where_a_value_ends() =>
        Assert.NotEqual(
            BucketId.Owning(ByDeviceGenre with { Buckets = 4096 }, new RollupKey("ab", "c")),
            BucketId.Owning(ByDeviceGenre with { Buckets = 4096 }, new RollupKey("a", "bc")));

    [Fact]
    public void An_entity_id_is_read_back()
    {
        Assert.Equal(Mobile, BucketId.Parse(Mobile.EntityId));
        Assert.Equal(new BucketId("r", "a/b"), BucketId.Parse("r/a/b"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("rollup")]
    [InlineData("/name")]
    [InlineData("rollup/")]
    public void What_is_no_entity_id_is_refused_by_name(string entityId)
    {
        var refused = Assert.Throws<FormatException>(() => BucketId.Parse(entityId));

        Assert.Contains($"'{entityId}'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_name_reads_back_to_the_same_bucket() =>
        Key.Sample(key =>
        {
            var bucket = BucketId.Owning(ByDeviceGenre, key);
            var read = BucketId.Parse(bucket.EntityId);
            return bucket == read && bucket.GetHashCode() == read.GetHashCode()
                && bucket.Name.Split('|').Select(Uri.UnescapeDataString).SequenceEqual(key.Values);
        });

    [Fact]
    public void Different_keys_have_different_buckets() =>
        Gen.Select(Key, Key).Sample((left, right) =>
            left.Equals(right) == (BucketId.Owning(ByDeviceGenre, left) == BucketId.Owning(ByDeviceGenre, right)));

    [Fact]
    public void Hashed_buckets_stay_within_their_number() =>
        Gen.Select(Key, Gen.Int[1, RollupCatalog.MaximumBuckets]).Sample((key, buckets) =>
        {
            var bucket = BucketId.Owning(ByDeviceGenre with { Buckets = buckets }, key);
            return bucket.Name[0] == '#' && int.Parse(bucket.Name[1..]) is var index && index >= 0 && index < buckets;
        });
}
