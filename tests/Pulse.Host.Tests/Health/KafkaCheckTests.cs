using Microsoft.Extensions.Diagnostics.HealthChecks;
using Pulse.Actors.Live;
using Pulse.Host.Health;

namespace Pulse.Host.Tests.Health;

/// <summary>When Kafka takes a node out of the services, and when it does not.</summary>
public sealed class KafkaCheckTests
{
    private readonly StreamView _view = new();

    [Theory]
    [InlineData(0, HealthStatus.Healthy)]
    [InlineData(29, HealthStatus.Healthy)]
    [InlineData(31, HealthStatus.Unhealthy)]
    public async Task Brokers_may_be_silent_for_thirty_seconds(int seconds, HealthStatus expected)
    {
        var since = DateTime.UtcNow.AddSeconds(-seconds);
        _view.State = new StreamState(since.AddDays(-1), DateTime.UtcNow)
        {
            KafkaAnsweredUtc = since,
            Partitions = [Partition(0, seconds > 10 ? StandingCause.BrokerSilent : null)],
        };

        var result = await CheckAsync();

        Assert.Equal(expected, result.Status);
        Assert.Equal(expected == HealthStatus.Healthy ? null : "Kafka does not answer; /api/status says why.", result.Description);
    }

    [Fact]
    public async Task Brokers_that_never_answered_are_waited_for_from_the_start_on()
    {
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync()).Status);

        _view.State = new StreamState(DateTime.UtcNow - KafkaCheck.Patience, DateTime.UtcNow);

        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync()).Status);
    }

    [Theory]
    [InlineData(StandingCause.NoLeader)]
    [InlineData(StandingCause.NoReader)]
    [InlineData(StandingCause.Reader)]
    public async Task As_long_as_one_partition_can_be_read_the_node_is_ready_and_names_the_others(StandingCause cause)
    {
        Show(cause, null, cause);
        var some = await CheckAsync();
        Show(cause, cause, cause);
        var all = await CheckAsync();

        Assert.Equal((HealthStatus.Healthy, "2 partitions (0, 2) of 3 stand still; /api/status says why."), (some.Status, some.Description));
        Assert.Equal(
            (HealthStatus.Unhealthy, "No partition of the topic can be read; /api/status says why."), (all.Status, all.Description));
    }

    [Fact]
    public async Task What_may_be_an_open_transaction_is_named_and_takes_nobody_away()
    {
        Show(StandingCause.NoProgress);

        var result = await CheckAsync();

        Assert.Equal((HealthStatus.Healthy, "Partition 0 of 1 stands still; /api/status says why."), (result.Status, result.Description));
    }

    private void Show(params StandingCause?[] causes) => _view.State = new StreamState(DateTime.UtcNow, DateTime.UtcNow)
    {
        KafkaAnsweredUtc = DateTime.UtcNow,
        Partitions = [.. causes.Select((cause, number) => Partition(number, cause))],
    };

    private static PartitionState Partition(int number, StandingCause? cause) => new(number)
    {
        Standing = cause is { } standing ? new Standing(standing, "at kafka-1:9092", DateTime.UtcNow) : null,
    };

    private Task<HealthCheckResult> CheckAsync() =>
        new KafkaCheck(_view, TimeProvider.System).CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken);
}
