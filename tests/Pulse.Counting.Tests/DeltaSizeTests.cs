using static Pulse.Counting.Tests.Examples;

namespace Pulse.Counting.Tests;

public sealed class DeltaSizeTests
{
    [Fact]
    public void A_delta_takes_room_for_itself_for_each_gap_and_for_each_count_with_its_key()
    {
        var delta = new Delta(
            Zero, new VersionDigest(7), At(0), At(9), default,
            [new KeyCount(Drama, Early, 1), new KeyCount(new RollupKey("é"), Early, 1)], [new Gap(Zero, 1, 2), new Gap(Zero, 3, 4)]);

        // A key takes four bytes, each of its values four more than its text in UTF-8, a count and a gap 24 each.
        const int drama = 4 + 4 + 6 + 4 + 5;
        const int accent = 4 + 4 + 2;
        Assert.Equal(160 + 24 + 24 + drama + 24 + accent + 24, delta.EncodedBytes);
    }
}
