using Confluent.Kafka;
using Pulse.Actors.Broker;
using Pulse.Counting;

namespace Pulse.Actors.Tests.Broker;

public sealed class PartitionReadingTests
{
    private const long Patience = 15_000;
    private readonly PartitionReading _reading = new(new AssignedPartition(new StreamPartition("stream", 0), 4));

    [Fact]
    public void What_the_client_brings_nothing_of_after_a_seek_is_overdue_until_it_is_begun_with_anew()
    {
        Assert.False(_reading.IsOverdue(Patience, 1_000_000));
        _reading.StartOver(new LogPosition(7, 1), 1, now: 1_000);
        _reading.Sought();

        Assert.False(_reading.IsOverdue(Patience, 16_000));
        Assert.True(_reading.IsOverdue(Patience, 16_001));
        _reading.SeekAnew(16_001);
        Assert.True(_reading.MustSeek);
        Assert.Equal(new LogPosition(7, 1), _reading.Next);
        Assert.False(_reading.IsOverdue(Patience, 31_001));
        Assert.True(_reading.IsOverdue(Patience, 31_002));
    }

    [Fact]
    public void A_failure_is_an_answer()
    {
        _reading.StartOver(LogPosition.Start, 1, now: 1_000);
        _reading.Sought();
        _reading.Fail(new Error(ErrorCode.TopicAuthorizationFailed));

        Assert.False(_reading.IsOverdue(Patience, 1_000_000));
    }
}
