using System.Text;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Confluent.Kafka;
using Pulse.Actors.Coordination;
using Pulse.Simulator.Broker;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Export;

public sealed class CompletionListenerTests(KafkaFixture kafka)
    : TestKit("akka.loglevel = INFO")
{
    private const string Complete = """{"status":"complete","timestamp":"2026-01-02T03:04:05Z"}""";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(8);
    private readonly string _group = "listener-" + Guid.NewGuid().ToString("N");

    [Fact]
    public async Task The_next_completion_comes_only_after_the_one_before_was_confirmed_and_committed()
    {
        var topic = await kafka.CreateTopicAsync("completion", 1);
        await ProduceAsync(topic, Complete, Complete);
        var coordinator = CreateTestProbe();
        var listener = coordinator.ChildActorOf(Props(topic));

        var first = await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline);
        await coordinator.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(400));
        Assert.Null(await CommittedAsync(topic));
        listener.Tell(new CompletionConfirmed(first.Partition, first.Offset));
        var second = await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline);

        Assert.Equal(
            new CompletionReceived(0, 0, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc)), first);
        Assert.Equal(1, second.Offset);
        Assert.Equal(1, await CommittedAsync(topic));
    }

    [Fact]
    public async Task What_was_not_confirmed_comes_again_at_the_next_start_and_what_was_does_not()
    {
        var topic = await kafka.CreateTopicAsync("completion", 1);
        await ProduceAsync(topic, Complete, Complete);
        var coordinator = CreateTestProbe();
        var listener = coordinator.ChildActorOf(Props(topic));
        var first = await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline);
        listener.Tell(new CompletionConfirmed(first.Partition, first.Offset));
        await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline);
        await StopAsync(coordinator, listener);

        var next = CreateTestProbe();
        next.ChildActorOf(Props(topic));

        Assert.Equal(1, (await next.ExpectMsgAsync<CompletionReceived>(Deadline)).Offset);
    }

    [Fact]
    public async Task Other_records_are_named_in_one_line_each_and_passed_over()
    {
        var topic = await kafka.CreateTopicAsync("completion", 1);
        var coordinator = CreateTestProbe();
        await EventFilter.Warning(contains: "offset 0 is not JSON").ExpectOneAsync(Deadline, () =>
            EventFilter.Info(contains: "the status 'started'").ExpectOneAsync(Deadline, async () =>
            {
                await ProduceAsync(topic, "no json", """{"status":"started"}""", Complete);
                coordinator.ChildActorOf(Props(topic));
                Assert.Equal(2, (await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline)).Offset);
            }));

        Assert.Equal(2, await CommittedAsync(topic));
    }

    [Fact]
    public async Task A_topic_that_is_absent_is_waited_for()
    {
        await kafka.StartAsync();
        var topic = "completion-" + Guid.NewGuid().ToString("N");
        var coordinator = CreateTestProbe();
        coordinator.ChildActorOf(Props(topic));
        await coordinator.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(500));

        await kafka.CreateNamedTopicAsync(topic, 1);
        await ProduceAsync(topic, Complete);

        await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline);
    }

    [Fact]
    public async Task An_absent_broker_is_said_once_and_does_not_hold_up_the_stop()
    {
        var coordinator = CreateTestProbe();
        IActorRef listener = Nobody.Instance;
        await EventFilter.Warning(contains: "cannot be read now").ExpectAsync(1, Deadline, async () =>
        {
            listener = coordinator.ChildActorOf(CompletionListener.Props(
                new ClientConfig { BootstrapServers = "127.0.0.1:1" }, "completion-event", _group));
            // Long enough for several attempts, each of which could have said it again.
            await coordinator.ExpectNoMsgAsync(TimeSpan.FromSeconds(4));
        });

        await StopAsync(coordinator, listener);
    }

    [Fact]
    public async Task A_broker_that_goes_away_while_a_completion_waits_does_not_hold_up_the_stop()
    {
        using var broker = EmbeddedBroker.Start();
        broker.CreateTopic("completion-event", 1);
        await ProduceToAsync(broker.BootstrapServers, "completion-event", Complete);
        var coordinator = CreateTestProbe();
        var listener = coordinator.ChildActorOf(CompletionListener.Props(
            new ClientConfig { BootstrapServers = broker.BootstrapServers }, "completion-event", _group));
        var completion = await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline);

        broker.Dispose();
        listener.Tell(new CompletionConfirmed(completion.Partition, completion.Offset));

        await StopAsync(coordinator, listener);
    }

    private Props Props(string topic) => CompletionListener.Props(
        new ClientConfig { BootstrapServers = kafka.BootstrapServers }, topic, _group);

    private static async Task StopAsync(TestProbe coordinator, IActorRef listener)
    {
        await coordinator.WatchAsync(listener);
        listener.Tell(StopCoordinator.Instance);
        await coordinator.ExpectTerminatedAsync(listener, StopLimit);
    }

    private async Task<long?> CommittedAsync(string topic)
    {
        using var progress = new StreamProgress(new ClientConfig { BootstrapServers = kafka.BootstrapServers });
        using var deadline = new CancellationTokenSource(Deadline);
        var committed = await progress.CommittedOffsetsAsync(
            _group + CompletionListener.GroupSuffix, topic, deadline.Token);
        return committed.TryGetValue(0, out var offset) ? offset : null;
    }

    private Task ProduceAsync(string topic, params string[] values) =>
        ProduceToAsync(kafka.BootstrapServers, topic, values);

    private static async Task ProduceToAsync(string servers, string topic, params string[] values)
    {
        using var producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig { BootstrapServers = servers })
            .SetLogHandler((_, _) => { }).Build();
        foreach (var value in values)
            await producer.ProduceAsync(new TopicPartition(topic, 0),
                new Message<Null, byte[]> { Value = Encoding.UTF8.GetBytes(value) });
    }
}
