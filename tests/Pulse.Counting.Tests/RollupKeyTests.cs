using CsCheck;

namespace Pulse.Counting.Tests;

public sealed class RollupKeyTests
{
    [Fact]
    public void Keys_are_equal_exactly_if_their_values_are() =>
        Gen.Select(Gen.OneOf("", "a", "A", "b", "ab").Array[1, 3], Gen.OneOf("", "a", "A", "b", "ab").Array[1, 3])
            .Sample((first, second) =>
            {
                var (one, other) = (new RollupKey(first), new RollupKey(second));
                var areSame = first.SequenceEqual(second, StringComparer.Ordinal);

                Assert.Equal(areSame, one.Equals(other));
                Assert.Equal(areSame, one.Equals((object)other));
                if (areSame)
                    Assert.Equal(one.GetHashCode(), other.GetHashCode());
            });

    [Fact]
    public void Order_and_borders_of_the_values_matter()
    {
        Assert.NotEqual(new RollupKey("a", "b"), new RollupKey("b", "a"));
        Assert.NotEqual(new RollupKey("ab", "c"), new RollupKey("a", "bc"));
        Assert.NotEqual(new RollupKey("a"), new RollupKey("a", ""));
        Assert.False(new RollupKey("a").Equals(null));
    }

    [Fact]
    public void A_key_keeps_its_own_copy_of_the_values()
    {
        string[] values = ["Mobile", "Drama"];
        var key = new RollupKey(values);
        values[0] = "PC";

        Assert.Equal(["Mobile", "Drama"], key.Values);
        Assert.Equal("(Mobile, Drama)", key.ToString());
    }

    [Fact]
    public void A_key_without_values_is_refused() => Assert.Throws<ArgumentException>(() => new RollupKey([]));
}
