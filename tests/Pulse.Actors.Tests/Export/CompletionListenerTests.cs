using System.Collections.Immutable;
using System.Text;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Confluent.Kafka;
using Pulse.Actors.Broker;
using Pulse.Actors.Coordination;
using Pulse.Actors.Ingest;
using Pulse.Simulator.Broker;
using Pulse.Testing;
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
        var listener = Start(coordinator, topic);

        var first = await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline);
        await coordinator.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(400));
        Assert.Null(await CommittedAsync(topic));
        listener.Tell(new CompletionConfirmed(first.Completion));
        var second = await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline);

        Assert.Equal((0, 0L), (first.Completion.Partition, first.Completion.Offset));
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), first.TimestampUtc);
        Assert.Equal(first.Completion with { Offset = 1 }, second.Completion);
        await Eventually.HoldsAsync("the group hears of it", Deadline, async () => await CommittedAsync(topic) == 1);
    }

    [Fact]
    public async Task Reading_goes_on_after_what_was_accepted_whatever_the_group_has_committed()
    {
        var topic = await kafka.CreateTopicAsync("completion", 1);
        await ProduceAsync(topic, Complete, Complete, Complete);
        var coordinator = CreateTestProbe();
        var stream = await StreamOfAsync(topic);

        Start(coordinator, topic, new CompletionId(stream, 0, 1));

        Assert.Equal(new CompletionId(stream, 0, 2), (await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline)).Completion);
    }

    [Fact]
    public async Task A_log_that_ends_below_what_was_accepted_is_said_once()
    {
        var topic = await kafka.CreateTopicAsync("completion", 1);
        await ProduceAsync(topic, Complete, Complete, Complete);
        var stream = await StreamOfAsync(topic);
        var coordinator = CreateTestProbe();

        await EventFilter.Warning(contains: $"'{topic}' was cut: it ends at offset 3, and was read up to 8.").ExpectAsync(1, Deadline, async () =>
        {
            Start(coordinator, topic, new CompletionId(stream, 0, 7));
            await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline);
        });
    }

    [Fact]
    public async Task A_topic_made_again_is_read_from_its_start_though_the_group_stands_further()
    {
        var topic = await kafka.CreateTopicAsync("completion", 1);
        await ProduceAsync(topic, Complete, Complete);
        var coordinator = CreateTestProbe();
        var listener = Start(coordinator, topic);
        var first = (await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline)).Completion;
        listener.Tell(new CompletionConfirmed(first));
        var second = (await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline)).Completion;
        listener.Tell(new CompletionConfirmed(second));
        await Eventually.HoldsAsync("the group hears of it", Deadline, async () => await CommittedAsync(topic) == 2);

        await kafka.MakeTopicAgainAsync(topic, 1);
        await ProduceAsync(topic, Complete);

        var again = (await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline)).Completion;
        Assert.Equal((0, 0L), (again.Partition, again.Offset));
        Assert.NotEqual(first.Stream, again.Stream);
        Assert.Equal(await StreamOfAsync(topic), again.Stream);
    }

    [Fact]
    public async Task What_was_not_confirmed_comes_again_at_the_next_start()
    {
        var topic = await kafka.CreateTopicAsync("completion", 1);
        await ProduceAsync(topic, Complete, Complete);
        var coordinator = CreateTestProbe();
        var listener = Start(coordinator, topic);
        var first = await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline);
        listener.Tell(new CompletionConfirmed(first.Completion));
        var second = await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline);
        await StopAsync(coordinator, listener);

        var next = CreateTestProbe();
        Start(next, topic, first.Completion);

        Assert.Equal(second, await next.ExpectMsgAsync<CompletionReceived>(Deadline));
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
                Start(coordinator, topic);
                Assert.Equal(2, (await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline)).Completion.Offset);
            }));

        await Eventually.HoldsAsync("the group hears of it", Deadline, async () => await CommittedAsync(topic) == 2);
    }

    [Fact]
    public async Task A_topic_that_is_absent_is_waited_for()
    {
        await kafka.StartAsync();
        var topic = "completion-" + Guid.NewGuid().ToString("N");
        var coordinator = CreateTestProbe();
        Start(coordinator, topic);
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
            listener = Start(coordinator, new KafkaSettings("127.0.0.1:1") { GroupId = _group });
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
        var listener = Start(
            coordinator, new KafkaSettings(broker.BootstrapServers) { GroupId = _group, StreamIdentity = broker.StreamIdentity });
        var completion = await coordinator.ExpectMsgAsync<CompletionReceived>(Deadline);

        broker.Dispose();
        listener.Tell(new CompletionConfirmed(completion.Completion));

        await StopAsync(coordinator, listener);
    }

    private IActorRef Start(TestProbe coordinator, string topic, params ImmutableArray<CompletionId> seen) =>
        Start(coordinator, new KafkaSettings(kafka.BootstrapServers) { CompletionTopic = topic, GroupId = _group }, seen);

    private IActorRef Start(TestProbe coordinator, KafkaSettings settings, params ImmutableArray<CompletionId> seen)
    {
        var questions = new TopicQuestions(settings);
        Sys.RegisterOnTermination(questions.Dispose);
        var listener = coordinator.ChildActorOf(CompletionListener.Props(settings, questions));
        listener.Tell(new ReadCompletions(seen));
        return listener;
    }

    private async Task<string> StreamOfAsync(string topic)
    {
        using var questions = new TopicQuestions(new KafkaSettings(kafka.BootstrapServers));
        return (await questions.DescribeAsync(topic, null, TestContext.Current.CancellationToken)).Stream;
    }

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
