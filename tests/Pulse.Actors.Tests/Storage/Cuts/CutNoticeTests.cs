using Pulse.Actors.Storage.Cuts;
using Pulse.Counting;

namespace Pulse.Actors.Tests.Storage.Cuts;

/// <summary>The one line that people get where a partition stands still because its log was cut.</summary>
public sealed class CutNoticeTests
{
    private static readonly StreamPartition Partition = new("cluster/events/id", 3);

    [Fact]
    public void It_names_the_offsets_the_buckets_and_both_ways_on() => Assert.Equal(
        "The log of partition 3 of 'events' was cut, and nothing more is counted of it: at least offsets 1000 to 1499 are in doubt, which buckets "
        + "viewsByDeviceGenre/0, viewsByDeviceGenre/1 counted. Either 'pulse accept-cut --partition 3' leaves them counted and goes on with what the log has "
        + "now, or 'pulse rebuild --rollup NAME' for each rollup, deadLetters too, counts them again from the log.",
        CutNotice.Line(Partition, 1_000, 1_500, Buckets(2)));

    [Fact]
    public void Many_buckets_are_a_few_and_a_number() =>
        Assert.EndsWith("viewsByDeviceGenre/2 and 46 more", CutNotice.Names(Buckets(49)), StringComparison.Ordinal);

    [Fact]
    public void Where_it_begins_may_be_unknown_and_nobody_may_have_said_anything()
    {
        var line = CutNotice.Line(Partition, null, 1_500, []);

        Assert.Contains("offsets up to 1499 are in doubt, which buckets that did not say so yet counted", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    private static IEnumerable<BucketId> Buckets(int count) =>
        Enumerable.Range(0, count).Select(number => new BucketId("viewsByDeviceGenre", number));
}
