using Confluent.Kafka;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>What the other tests rely on: brokers that can be killed, cut off and slowed, and a judge who reads what is there.</summary>
public sealed class KafkaFixtureTests(KafkaFixture kafka)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task A_broker_can_be_killed_suspended_and_cut_off_and_keeps_address_and_records()
    {
        await using var cluster = await KafkaFixture.StartClusterAsync(behindRelays: true);
        var broker = cluster.Brokers[0];
        var (address, relay) = (broker.Address, broker.Relay!);
        Assert.Equal(address, cluster.BootstrapServers);
        Assert.Matches(@"^\d+\.\d+\.\d+$", broker.Version);
        var topic = await KafkaFixture.CreateTopicAsync(address, "kept", 1);
        await ProduceAsync(address, topic, "before");

        await broker.KillAsync();
        Assert.False(broker.IsRunning);
        await cluster.StartAsync(broker);
        Assert.Equal(address, broker.Address);
        await ProduceAsync(address, topic, "after");
        Assert.Equal(["before", "after"], Read(address, topic, 2));

        broker.Suspend();
        Assert.False(Answers(address, Short));
        broker.Resume();
        Assert.True(Answers(address, Limit));

        relay.Cut();
        Assert.False(Answers(address, Short));
        relay.Heal();
        Assert.True(Answers(address, Limit));
    }

    [Fact]
    public async Task Of_three_brokers_any_one_may_be_lost()
    {
        LongForm.Require();
        await using var cluster = await KafkaFixture.StartClusterAsync(brokers: 3, settings: "min.insync.replicas=2");
        var topic = await KafkaFixture.CreateTopicAsync(cluster.BootstrapServers, "replicated", 3);
        await cluster.Brokers[0].KillAsync();

        await ProduceAsync(cluster.BootstrapServers, topic, "without the first");

        await cluster.StartAsync(cluster.Brokers[0]);
        await cluster.Brokers[1].StopAsync();
        await ProduceAsync(cluster.BootstrapServers, topic, "without the second");
    }

    [Fact]
    public async Task The_judge_counts_what_committed_transactions_wrote_and_names_the_reasons_of_the_rest()
    {
        var topic = await kafka.CreateTopicAsync("judged", 1);
        var servers = kafka.BootstrapServers;
        await ProduceAsync(servers, topic, Event("2026-01-01T12:04:59.999Z"), Event("2026-01-01T13:05:00+01:00"), "{", "[]", "{}");
        ProduceInTransaction(servers, topic, commits: false);
        ProduceInTransaction(servers, topic, commits: true);

        var judge = IndependentReader.Read(servers, topic);

        Assert.Equal(6, judge.Records);
        Assert.Equal(new() { ["NotJson"] = 1, ["NotAnObject"] = 1, ["MissingField"] = 1 }, judge.DeadLetters);
        var end = (decimal)new DateTimeOffset(2026, 1, 1, 12, 5, 0, TimeSpan.Zero).ToUnixTimeSeconds();
        Assert.Equal(1, judge.Rows[("viewsByDeviceGenreAggregation", "TV", "Drama", end)]);
        Assert.Equal(2, judge.Rows[("viewsByGenderAgeGroupAggregation", "Female", "30-39", end + 300)]);
        Assert.Equal(1, judge.Rows[("viewsByLocationMRAggregation", "Côte d'Ivoire", "PG", end)]);
        Assert.Equal(6, judge.Rows.Count);
    }

    [Fact]
    [KnownFault("none")]
    public void A_known_fault_that_is_gone_fails_its_test_and_so_does_what_is_no_assertion()
    {
        var gone = Assert.Throws<InvalidOperationException>(() => KnownFault.Shows(() => Assert.Equal(4, 2 + 2)));
        Assert.Contains("'none' does not show any more", gone.Message, StringComparison.Ordinal);

        Assert.Throws<TimeoutException>(() => KnownFault.Shows(() => throw new TimeoutException("The broker is gone.")));
    }

    [Fact]
    public void A_folder_without_Kafka_is_refused_by_name()
    {
        var refused = Assert.Throws<InvalidOperationException>(() => KafkaHome.Find("/nowhere", out _));

        Assert.Contains("PULSE_TEST_KAFKA_HOME is '/nowhere'", refused.Message, StringComparison.Ordinal);
    }

    private static string Event(string time) => $$"""
        {"EventTimestamp":"{{time}}","DeviceType":"TV","Genre":"Drama","UserGender":"Female","UserAge":37,
         "UserLocation":"C\u00f4te d'Ivoire","MaturityRating":"PG","ContentName":7}
        """;

    private static void ProduceInTransaction(string servers, string topic, bool commits)
    {
        using var producer = new ProducerBuilder<Null, string>(
            new ProducerConfig { BootstrapServers = servers, TransactionalId = topic }).SetLogHandler((_, _) => { }).Build();
        producer.InitTransactions(Limit);
        producer.BeginTransaction();
        producer.Produce(topic, new Message<Null, string> { Value = Event("2026-01-01T12:05:00Z") });
        producer.Flush(Limit);
        if (commits)
            producer.CommitTransaction(Limit);
        else
            producer.AbortTransaction(Limit);
    }

    private static async Task ProduceAsync(string servers, string topic, params string[] values)
    {
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = servers, Acks = Acks.All })
            .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        foreach (var value in values)
            await producer.ProduceAsync(topic, new Message<Null, string> { Value = value }).WaitAsync(Limit);
    }

    private static IEnumerable<string> Read(string servers, string topic, int count)
    {
        using var consumer = new ConsumerBuilder<Ignore, string>(new ConsumerConfig { BootstrapServers = servers, GroupId = topic })
            .SetLogHandler((_, _) => { }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
        return [.. Enumerable.Range(0, count).Select(_ => consumer.Consume(Limit).Message.Value)];
    }

    /// <summary>Whether a new client gets an answer in time.</summary>
    private static bool Answers(string servers, TimeSpan limit)
    {
        using var client = KafkaFixture.Administration(servers);
        try
        {
            return client.GetMetadata(limit).Brokers.Count > 0;
        }
        catch (KafkaException)
        {
            return false;
        }
    }
}
