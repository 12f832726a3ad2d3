using CsCheck;
using Pulse.Verification.Log;

namespace Pulse.Verification.Tests.Log;

public sealed class OffsetSetTests
{
    private static readonly Gen<OffsetRange> Ranges =
        Gen.Select(Gen.Long[0, 40], Gen.Long[0, 8]).Select((from, length) => new OffsetRange(from, from + length));

    [Fact]
    public void It_holds_what_a_set_of_numbers_holds() => Gen.Select(Ranges.Array[0, 12], Ranges).Sample((added, asked) =>
    {
        var set = new OffsetSet();
        var model = new SortedSet<long>();
        foreach (var range in added)
        {
            set.Add(range);
            model.UnionWith(Numbers(range));
        }

        Assert.Equal(model, set.Ranges.SelectMany(Numbers));
        Assert.Equal(model.Count, set.Count);
        Assert.Equal(Numbers(asked).Where(number => !model.Contains(number)), set.Except(asked).SelectMany(Numbers));
        Assert.All(Enumerable.Range(0, 60), number => Assert.Equal(model.Contains(number), set.Contains(number)));
        Assert.All(set.Ranges.Zip(set.Ranges.Skip(1)), pair => Assert.True(pair.Item1.To < pair.Item2.From));
    });

    [Theory]
    [InlineData(0, 1500, "0-1499")]
    [InlineData(7, 8, "7")]
    public void A_range_is_written_with_both_ends(long from, long to, string expected) =>
        Assert.Equal(expected, new OffsetRange(from, to).ToString());

    private static IEnumerable<long> Numbers(OffsetRange range)
    {
        for (var number = range.From; number < range.To; number++)
            yield return number;
    }
}
