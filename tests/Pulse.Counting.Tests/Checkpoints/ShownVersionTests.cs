using CsCheck;

namespace Pulse.Counting.Tests.Checkpoints;

public sealed class ShownVersionTests
{
    private static readonly Gen<ShownVersion> Version =
        Gen.Select(Gen.Long[1, 3], Gen.Long[1, 3], (generation, sequence) => new ShownVersion(generation, sequence));

    [Fact]
    public void The_later_generation_is_newer_and_within_one_the_later_sequence() =>
        Gen.Select(Version, Version).Sample((one, other) =>
        {
            var order = (one.Generation, one.Sequence).CompareTo((other.Generation, other.Sequence));

            Assert.Equal(order, one.CompareTo(other));
            Assert.Equal(order < 0, one < other);
            Assert.Equal(order <= 0, one <= other);
            Assert.Equal(order > 0, one > other);
            Assert.Equal(order >= 0, one >= other);
        });
}
