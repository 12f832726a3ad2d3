using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pulse.Simulator.Broker;

namespace Pulse.Simulator.Tests.Broker;

public sealed class EmbeddedBrokerTests(EmbeddedBrokerTests.Shared kafka) : IClassFixture<EmbeddedBrokerTests.Shared>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_consumer_group_reads_everything_and_another_client_sees_its_commits(bool staticMember)
    {
        var topic = kafka.CreateTopic("events", 3);
        await ProduceAsync(topic, 300);
        var group = "group-" + Guid.NewGuid().ToString("N");

        using (var consumer = NewConsumer(group, staticMember ? "instance-1" : null, sessionTimeout: 45_000))
        {
            consumer.Subscribe(topic);
            Assert.Equal(300, ReadDistinct(consumer, 300).Count);
            consumer.Commit();
            consumer.Close();
        }

        using var other = NewConsumer(group, null);
        var committed = other.Committed(Partitions(topic, 3), Limit);
        Assert.Equal(300, committed.Sum(position => position.Offset.Value));
    }

    [Fact]
    public async Task Two_members_share_the_partitions_and_the_survivor_takes_over()
    {
        var topic = kafka.CreateTopic("shared", 4);
        var group = "group-" + Guid.NewGuid().ToString("N");
        using var first = NewConsumer(group, "instance-1");
        using var second = NewConsumer(group, "instance-2");
        first.Subscribe(topic);
        second.Subscribe(topic);

        PollUntil(() => first.Assignment.Count == 2 && second.Assignment.Count == 2, first, second);
        second.Unsubscribe();
        second.Close();
        // A static member that closes keeps its seat until its session runs out.
        PollUntil(() => first.Assignment.Count == 4, first);
    }

    [Fact]
    public async Task A_static_member_that_comes_back_continues_at_its_commit()
    {
        var topic = kafka.CreateTopic("returning", 2);
        var group = "group-" + Guid.NewGuid().ToString("N");
        await ProduceAsync(topic, 10);
        using (var consumer = NewConsumer(group, "instance-1"))
        {
            consumer.Subscribe(topic);
            ReadDistinct(consumer, 10);
            consumer.Commit();
            consumer.Close();
        }

        await ProduceAsync(topic, 5, first: 10);
        using var again = NewConsumer(group, "instance-1");
        again.Subscribe(topic);
        Assert.Equal(
            Enumerable.Range(10, 5).Select(number => number.ToString()),
            ReadDistinct(again, 5).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_cluster_has_an_identity_and_every_partition_an_end()
    {
        var topic = kafka.CreateTopic("ends", 2);
        await ProduceAsync(topic, 20);
        using var administration = new AdminClientBuilder(Client<AdminClientConfig>()).Build();

        var cluster = await administration.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = Limit });
        Assert.NotEmpty(cluster.ClusterId);

        using var consumer = NewConsumer("unused", null);
        Assert.Equal(20, Partitions(topic, 2).Sum(p => consumer.QueryWatermarkOffsets(p, Limit).High.Value));
    }

    [Fact]
    public void Every_start_is_a_new_stream_on_loopback()
    {
        using var first = EmbeddedBroker.Start();
        using var second = EmbeddedBroker.Start();

        Assert.NotEqual(first.StreamIdentity, second.StreamIdentity);
        Assert.NotEqual(first.BootstrapServers, second.BootstrapServers);
        Assert.StartsWith("127.0.0.1:", first.BootstrapServers, StringComparison.Ordinal);
    }

    [Fact]
    public void Making_a_topic_again_changes_nothing()
    {
        using var broker = EmbeddedBroker.Start();
        broker.CreateTopic("topic", 3);
        broker.CreateTopic("topic", 5);

        using var administration = new AdminClientBuilder(
            new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();
        Assert.Equal(3, administration.GetMetadata("topic", Limit).Topics.Single().Partitions.Count);
    }

    [Fact]
    public void A_topic_needs_an_allowed_name_and_a_partition()
    {
        using var broker = EmbeddedBroker.Start();
        Assert.Throws<ArgumentException>(() => broker.CreateTopic("no spaces", 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => broker.CreateTopic("topic", 0));
    }

    [Fact]
    public void A_disposed_broker_refuses_topics_and_may_be_disposed_again()
    {
        var broker = EmbeddedBroker.Start();
        broker.Dispose();
        broker.Dispose();
        Assert.Throws<ObjectDisposedException>(() => broker.CreateTopic("topic", 1));
    }

    private T Client<T>()
        where T : ClientConfig, new() => new() { BootstrapServers = kafka.BootstrapServers };

    private IConsumer<string, string> NewConsumer(string group, string? instance, int sessionTimeout = 6_000)
    {
        var configuration = Client<ConsumerConfig>();
        configuration.GroupId = group;
        configuration.GroupInstanceId = instance;
        configuration.EnableAutoCommit = false;
        configuration.AutoOffsetReset = AutoOffsetReset.Earliest;
        configuration.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
        configuration.SessionTimeoutMs = sessionTimeout;
        configuration.HeartbeatIntervalMs = 500;
        return new ConsumerBuilder<string, string>(configuration).Build();
    }

    private async Task ProduceAsync(string topic, int count, int first = 0)
    {
        using var producer = new ProducerBuilder<string, string>(Client<ProducerConfig>()).Build();
        var reports = Enumerable.Range(first, count).Select(number => producer.ProduceAsync(
            topic, new Message<string, string> { Key = $"key-{number}", Value = number.ToString() }));
        await Task.WhenAll(reports).WaitAsync(Limit);
    }

    private static HashSet<string> ReadDistinct(IConsumer<string, string> consumer, int expected)
    {
        var values = new HashSet<string>();
        PollUntil(() => values.Count == expected, message => Assert.True(values.Add(message)), consumer);
        return values;
    }

    private static void PollUntil(Func<bool> reached, params IConsumer<string, string>[] consumers) =>
        PollUntil(reached, _ => { }, consumers);

    private static void PollUntil(
        Func<bool> reached, Action<string> read, params IConsumer<string, string>[] consumers)
    {
        using var deadline = new CancellationTokenSource(Limit);
        while (!reached())
        {
            deadline.Token.ThrowIfCancellationRequested();
            foreach (var consumer in consumers)
            {
                if (consumer.Consume(TimeSpan.FromMilliseconds(20)) is { } result)
                    read(result.Message.Value);
            }
        }
    }

    private static TopicPartition[] Partitions(string topic, int count) =>
        [.. Enumerable.Range(0, count).Select(partition => new TopicPartition(topic, partition))];

    /// <summary>One broker for all of these tests.</summary>
    public sealed class Shared : IDisposable
    {
        private readonly EmbeddedBroker _broker = EmbeddedBroker.Start();

        public string BootstrapServers => _broker.BootstrapServers;

        public string CreateTopic(string prefix, int partitions)
        {
            var topic = $"{prefix}-{Guid.NewGuid():N}";
            _broker.CreateTopic(topic, partitions);
            return topic;
        }

        public void Dispose() => _broker.Dispose();
    }
}
