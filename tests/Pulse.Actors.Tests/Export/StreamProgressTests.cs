using System.Text;
using Confluent.Kafka;
using Pulse.Actors.Coordination;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Export;

public sealed class StreamProgressTests(KafkaFixture kafka)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Ends_are_those_of_every_partition_the_empty_ones_too()
    {
        var topic = await kafka.CreateTopicAsync("progress", 3);
        await ProduceAsync(topic, partition: 0, count: 5);
        await ProduceAsync(topic, partition: 2, count: 1);
        using var progress = NewProgress();
        using var deadline = new CancellationTokenSource(Deadline);

        var ends = await progress.EndOffsetsAsync(topic, deadline.Token);

        Assert.Equal([new PartitionRange(0, 0, 5), new PartitionRange(1, 0, 0), new PartitionRange(2, 0, 1)], ends);
    }

    [Fact]
    public async Task Committed_offsets_are_read_without_joining_the_group()
    {
        var topic = await kafka.CreateTopicAsync("progress", 2);
        var group = "progress-" + Guid.NewGuid().ToString("N");
        await ProduceAsync(topic, partition: 1, count: 4);
        using var progress = NewProgress();
        using var deadline = new CancellationTokenSource(Deadline);

        Assert.Empty(await progress.CommittedOffsetsAsync(group, topic, deadline.Token));
        Commit(topic, group, partition: 1, offset: 3);
        var committed = await progress.CommittedOffsetsAsync(group, topic, deadline.Token);

        Assert.Equal([new KeyValuePair<int, long>(1, 3)], committed);
    }

    [Fact]
    public async Task A_live_member_keeps_its_partitions_and_its_commits_are_seen()
    {
        var topic = await kafka.CreateTopicAsync("progress", 1);
        var group = "progress-" + Guid.NewGuid().ToString("N");
        await ProduceAsync(topic, partition: 0, count: 2);
        var revoked = false;
        using var member = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig
            {
                BootstrapServers = kafka.BootstrapServers,
                GroupId = group,
                EnableAutoCommit = false,
                AutoOffsetReset = AutoOffsetReset.Earliest,
            })
            .SetLogHandler((_, _) => { })
            .SetPartitionsRevokedHandler((_, _) => revoked = true)
            .Build();
        member.Subscribe(topic);
        using var deadline = new CancellationTokenSource(Deadline);
        var first = member.Consume(deadline.Token);
        member.Commit(first);
        using var progress = NewProgress();

        var committed = await progress.CommittedOffsetsAsync(group, topic, deadline.Token);
        var second = member.Consume(deadline.Token);

        Assert.Equal(1, committed[0]);
        Assert.Equal(1, second.Offset.Value);
        Assert.False(revoked);
    }

    [Fact]
    public async Task An_absent_broker_is_an_exception_within_the_deadline()
    {
        using var progress = new StreamProgress(
            new ClientConfig { BootstrapServers = "127.0.0.1:1" }, TimeSpan.FromMilliseconds(500));

        await Assert.ThrowsAnyAsync<KafkaException>(
            () => progress.EndOffsetsAsync("nowhere", CancellationToken.None)).WaitAsync(Deadline);
    }

    private StreamProgress NewProgress() => new(new ClientConfig { BootstrapServers = kafka.BootstrapServers });

    private async Task ProduceAsync(string topic, int partition, int count)
    {
        using var producer = new ProducerBuilder<Null, byte[]>(
            new ProducerConfig { BootstrapServers = kafka.BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        for (var index = 0; index < count; index++)
            await producer.ProduceAsync(new TopicPartition(topic, partition),
                new Message<Null, byte[]> { Value = Encoding.UTF8.GetBytes($"event {index}") });
    }

    private void Commit(string topic, string group, int partition, long offset)
    {
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig
        {
            BootstrapServers = kafka.BootstrapServers,
            GroupId = group,
            EnableAutoCommit = false,
        }).SetLogHandler((_, _) => { }).Build();
        consumer.Commit([new TopicPartitionOffset(topic, partition, offset)]);
    }
}
