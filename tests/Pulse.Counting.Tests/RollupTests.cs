namespace Pulse.Counting.Tests;

public sealed class RollupTests
{
    private static readonly Rollup ByDeviceGenre = new("viewsByDeviceGenre", ["device_type", "genre"], Buckets: 8);

    public static TheoryData<Rollup> Others =>
    [
        ByDeviceGenre with { Name = "viewsByCountry" },
        ByDeviceGenre with { Dimensions = ["genre", "device_type"] },
        ByDeviceGenre with { Buckets = 9 },
        ByDeviceGenre with { MaximumKeys = 5 },
    ];

    [Fact]
    public void Rollups_are_equal_if_they_are_declared_alike()
    {
        var same = new Rollup("viewsByDeviceGenre", ["device_type", "genre"], Buckets: 8);

        Assert.Equal(ByDeviceGenre, same);
        Assert.Equal(ByDeviceGenre.GetHashCode(), same.GetHashCode());
        Assert.False(ByDeviceGenre.Equals(null));
    }

    [Theory]
    [MemberData(nameof(Others))]
    public void Any_difference_makes_another_rollup(Rollup other) => Assert.NotEqual(ByDeviceGenre, other);

    [Theory]
    [InlineData(1_000, 16, 79)]
    [InlineData(16, 16, 2)]
    [InlineData(1_000_000, 1, 1_250_000)]
    public void A_bucket_may_have_a_quarter_more_than_its_share_of_keys(int keys, int buckets, int share) =>
        Assert.Equal(share, (ByDeviceGenre with { MaximumKeys = keys, Buckets = buckets }).MaximumKeysPerBucket);

    [Fact]
    public void A_rollup_names_its_table_and_is_told_in_one_line()
    {
        Assert.Equal("viewsByDeviceGenreAggregation", ByDeviceGenre.TableName);
        Assert.Equal("viewsByDeviceGenre(device_type, genre) in 8 buckets of at most 1000000 keys", ByDeviceGenre.ToString());
    }

    [Fact]
    public void The_home_of_a_partition_is_the_bucket_of_its_number_modulo_their_number()
    {
        var version = new CountedVersion("viewsByDeviceGenre", new VersionDigest(7), Buckets: 3);

        Assert.Equal([0, 1, 2, 0, 1], Enumerable.Range(0, 5).Select(version.HomeOf));
    }
}
