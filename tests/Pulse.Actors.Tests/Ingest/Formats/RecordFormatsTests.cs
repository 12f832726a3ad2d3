using Pulse.Actors.Broker;
using Pulse.Actors.Ingest.Formats;
using Pulse.Actors.Tests.Events;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Ingest.Formats;

/// <summary>When people are told that a producer writes another format, and when that it is over.</summary>
public sealed class RecordFormatsTests
{
    private static readonly byte[] Good = new SampleEvent().ToBytes();
    private static readonly byte[] Prefixed = [0, 0, 0, 0, 1, .. Good];
    private static readonly byte[] Enveloped = [.. "{\"after\":"u8, .. Good, (byte)'}'];

    private readonly EventDecoder _decoder = new(Dimension.Of(RollupCatalog.BuiltIn), CountingRules.Default.MaximumSkew);
    private readonly RecordFormats _formats = new();

    [Fact]
    public void A_producer_with_a_registry_s_prefix_is_told_of_with_share_reason_and_first_bytes()
    {
        // As many as an embedded broker's partitions get of 500.
        for (var partition = 0; partition < 16; partition++)
            Read(partition, bad: 31);

        Assert.Equal(
            "100 % of the records that this node reads are no viewing events (496 of the newest 496), most of them NotJson (496). Such a value "
            + "begins with 00 00 00 00 01 7B 22 45 76 65 6E 74 49 64 22 3A … (.....{\"EventId\":), as does a schema registry's prefix, the byte "
            + "00 and the four bytes of the schema's id, here 1 (the Confluent wire format), and JSON after it. Have the producer write JSON alone, "
            + "with a serializer of texts.",
            _formats.Judge());
        Assert.Equal(_formats.Judge(), _formats.Problem);
    }

    [Fact]
    public void The_most_frequent_reason_is_told()
    {
        Read(0, bad: 10);
        Read(0, good: 0, bad: 30, value: Enveloped);
        Read(1, good: 0, bad: 15, value: Enveloped);

        var problem = _formats.Judge()!;
        Assert.StartsWith("100 % of the records that this node reads are no viewing events (55 of the newest 55), most of them MissingField DeviceType (45). ", problem, StringComparison.Ordinal);
        Assert.Contains("an envelope of change data", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_bytes_are_those_of_most_whatever_came_first()
    {
        Read(0, bad: 1, value: "{\"cut"u8.ToArray());
        for (var number = 0; number < RecentRecords.MaximumStarts / 2; number++)
            Read(0, bad: 1, value: [(byte)number, (byte)'!', 1, 2]);
        Read(0, bad: 200);

        Assert.Contains("begins with 00 00 00 00 01 7B ", _formats.Judge(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 19, false)]
    [InlineData(0, 20, true)]
    [InlineData(80, 20, true)]
    [InlineData(81, 20, false)]
    [InlineData(401, 99, false)]
    [InlineData(400, 100, true)]
    public void It_begins_with_a_fifth_and_twenty_at_least(int good, int bad, bool isWrong)
    {
        Read(0, good, bad);

        Assert.Equal(isWrong, _formats.Judge() is not null);
    }

    [Fact]
    public void It_is_over_with_less_than_a_tenth_of_the_newest_records_and_not_before()
    {
        Read(0, good: 400, bad: 100);
        Assert.NotNull(_formats.Judge());

        Read(0, good: 450, bad: 50);
        Assert.NotNull(_formats.Judge());
        Read(0, good: 450, bad: 50);
        Assert.NotNull(_formats.Judge());
        Read(0, good: 451, bad: 49);
        Assert.Null(_formats.Judge());

        // Nor does it begin again before it is a fifth.
        Read(0, good: 410, bad: 90);
        Read(0, good: 410, bad: 90);
        Assert.Null(_formats.Judge());
        Read(0, good: 300, bad: 200);
        Assert.NotNull(_formats.Judge());
    }

    [Fact]
    public void A_producer_to_one_partition_of_many_is_told_of_with_its_partition()
    {
        for (var partition = 0; partition < 100; partition++)
            Read(partition, good: 500);
        Read(7, good: 0, bad: 500);
        Read(31, good: 0, bad: 500);

        Assert.StartsWith("50 % of partition 7 and 1 more are no viewing events (1,000 of the newest 2,000), ", _formats.Judge(), StringComparison.Ordinal);
        _formats.Forget(31);
        Assert.StartsWith("50 % of partition 7 are no viewing events (500 of the newest 1,000), ", _formats.Judge(), StringComparison.Ordinal);
    }

    [Fact]
    public void While_nothing_comes_it_stays_and_with_the_partition_it_goes()
    {
        Read(3, bad: 50);
        Assert.NotNull(_formats.Judge());
        Assert.NotNull(_formats.Judge());

        _formats.Forget(3);

        Assert.Null(_formats.Judge());
    }

    private void Read(int partition, int good = 0, int bad = 0, byte[]? value = null)
    {
        using var batch = new RecordBatch(reading: 1, start: 0);
        var found = new List<(int Index, BadRecord Why)>();
        var ids = new int[_decoder.Dimensions.Count];
        for (var index = 0; index < good + bad; index++)
        {
            batch.Add(index, 0, SampleEvent.RecordUnixMilliseconds, [], index < good ? Good : value ?? Prefixed);
            if (_decoder.Decode(batch.Value(index), SampleEvent.RecordUnixMilliseconds, ids, out _) is { IsBad: true } why)
                found.Add((index, why));
        }

        Assert.Equal(bad, found.Count);
        _formats.Add(partition, batch, found);
    }
}
