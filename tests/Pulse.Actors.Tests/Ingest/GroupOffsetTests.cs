using Akka.Event;
using Microsoft.Extensions.Logging.Abstractions;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Ingest;

public sealed class GroupOffsetTests(KafkaFixture kafka) : IAsyncLifetime
{
    private readonly IngestStatistics _statistics = new();
    private EventTopic _topic = null!;
    private TopicReader _reader = null!;
    private GroupOffset _group = null!;

    public async ValueTask InitializeAsync()
    {
        _topic = await EventTopic.CreateAsync(kafka, 1);
        _reader = TopicReader.Start(_topic.Settings, EventTopic.Stream, new ClientMonitor(), NullLogger.Instance);
        _group = new GroupOffset(_reader, _reader.Assign(0), _statistics, NoLogger.Instance);
    }

    public async ValueTask DisposeAsync() => await _reader.StopAsync();

    [Fact]
    public async Task The_group_is_told_what_is_further_and_never_what_is_not()
    {
        await _group.Tell(3);
        await _group.Tell(7);
        await _group.Tell(7);
        await _group.Tell(5);

        Assert.Equal(2, _statistics.Commits);
        Assert.Equal(7, _topic.Committed(0));
    }

    [Fact]
    public async Task Nothing_is_told_before_anything_is_stored()
    {
        await _group.Tell(0);

        Assert.Equal(0, _statistics.Commits);
        Assert.Null(_topic.Committed(0));
    }

    [Fact]
    public async Task That_the_group_can_t_be_told_is_nobody_s_trouble()
    {
        await _reader.StopAsync();

        await _group.Tell(3);

        Assert.Equal(0, _statistics.Commits);
        Assert.Null(_topic.Committed(0));
    }
}
