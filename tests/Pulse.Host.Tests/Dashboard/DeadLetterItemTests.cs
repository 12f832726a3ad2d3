using Confluent.Kafka;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Host.Dashboard;

namespace Pulse.Host.Tests.Dashboard;

/// <summary>What is shown of a record of the dead-letter topic that another program wrote there.</summary>
public sealed class DeadLetterItemTests
{
    [Theory]
    [InlineData(253_402_300_800_000)]
    [InlineData(1_767_270_896_789_000_000)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    public void A_timestamp_that_is_no_time_is_the_first_one(long unixMilliseconds) =>
        Assert.Equal(DateTime.UnixEpoch, DeadLetterItem.Of(Record(unixMilliseconds, [])).AtUtc);

    [Fact]
    public void A_header_may_be_absent_or_have_no_value_or_any_bytes()
    {
        var item = DeadLetterItem.Of(Record(
            1_767_270_896_789,
            new Headers { { DeadLetter.ReasonHeader, null }, { DeadLetter.SourceOffsetHeader, "x"u8.ToArray() }, { DeadLetter.SourceTopicHeader, [0xFF] } }));

        Assert.Equal(("", "\uFFFD", -1, -1), (item.Reason, item.SourceTopic, item.SourcePartition, item.SourceOffset));
        Assert.Equal(new DateTime(2026, 1, 1, 12, 34, 56, 789, DateTimeKind.Utc), item.AtUtc);
        Assert.Equal((null, null, "no value"), (item.Key, item.Value, item.Absence));
    }

    private static ConsumeResult<byte[], byte[]> Record(long unixMilliseconds, Headers headers) => new()
    {
        TopicPartitionOffset = new TopicPartitionOffset("netflix-event-dlq", 0, 5),
        Message = new Message<byte[], byte[]> { Timestamp = new Timestamp(unixMilliseconds, TimestampType.CreateTime), Headers = headers },
    };
}
