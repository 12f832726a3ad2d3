using CsCheck;
using Pulse.Counting;
using Pulse.Verification.Storage;

namespace Pulse.Verification.Tests.Storage;

public sealed class StoredPositionsTests
{
    [Fact]
    public void What_buckets_write_is_read() => Gen.Select(Gen.Int[0, 2], Gen.Int[0, 9], Gen.Long[0, 1_000_000], Gen.Int[-1, 4], Gen.Int[0, 1]).Array[0, 30].Sample(set =>
    {
        var written = new BucketPositions();
        foreach (var (stream, partition, offset, epoch, skipped) in set)
            written.Set(new StreamPartition($"cluster/topic/{stream}", partition), new LogPosition(offset, epoch).SkipTo(offset + skipped));

        var read = StoredPositions.Parse(written.ToString());

        Assert.Equal(written.Streams, read.ByStream.Keys);
        foreach (var stream in written.Streams.Append("no/stream"))
        {
            for (var partition = 0; partition < 12; partition++)
                Assert.Equal(written[new StreamPartition(stream, partition)].Offset, read.Of(stream, partition));
        }
    });

    [Theory]
    [InlineData("stream")]
    [InlineData("stream 1 x")]
    [InlineData("stream 1@")]
    [InlineData("stream 1@x")]
    [InlineData("stream 1~@2")]
    [InlineData("stream 1~x@2")]
    [InlineData("stream -1")]
    [InlineData("stream 1  2")]
    [InlineData("stream 1\nstream 2")]
    public void What_is_no_text_of_positions_is_refused(string text) =>
        Assert.Throws<FormatException>(() => StoredPositions.Parse(text));
}
