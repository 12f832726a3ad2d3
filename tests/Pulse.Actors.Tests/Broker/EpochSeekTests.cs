using Pulse.Actors.Broker;
using Pulse.Counting;

namespace Pulse.Actors.Tests.Broker;

/// <summary>What the client says where a position is not in the log, in its own words.</summary>
public sealed class EpochSeekTests
{
    [Theory]
    [InlineData(
        "Partition log truncation detected at offset 1500 (leader epoch 2): broker end offset is 1000 (offset leader epoch 0). Reset to INVALID.: Local: Log truncation detected (broker 1)",
        1_000, 0)]
    [InlineData(
        "No epoch found less or equal to offset 1500 (leader epoch 7): broker end offset is -1 (offset leader epoch -1). Reset using configured policy.: Local: Log truncation detected",
        -1, -1)]
    public void Its_end_of_the_epoch_is_read(string text, long end, int epoch) =>
        Assert.Equal(new LogPosition(end, epoch), EpochSeek.EndIn(text));

    [Theory]
    [InlineData("fetch failed due to requested offset not available on the broker: Broker: Offset out of range (broker 1)")]
    [InlineData("broker end offset is 1000 (offset leader epoch 0)")]
    public void Anything_else_is_none(string text) => Assert.Null(EpochSeek.EndIn(text));
}
