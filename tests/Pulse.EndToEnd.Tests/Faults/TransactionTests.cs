using Confluent.Kafka;
using Pulse.EndToEnd.Tests.Support;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>Records of transactions: those that were committed count, and nobody sees what is not decided.</summary>
public sealed class TransactionTests(OneBroker shared, ITestOutputHelper output) : OneBrokerTest(shared, output)
{
    private const int Records = 200;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Transactions_committed_and_aborted(bool commits)
    {
        var pair = await SharedPairAsync();
        var before = pair.Stream.Judge().Records;
        using var producer = Begin(pair.Stream);
        Produce(producer, pair.Stream.Topic);
        if (commits)
            producer.CommitTransaction(NodePair.Limit);
        else
            producer.AbortTransaction(NodePair.Limit);

        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
        // What ends a transaction has an offset of its own, and is nothing to wait for.
        await pair.JudgeAsync(() => pair.Shown.ShowsAsync("no lag", view => view is { Lag: 0, PageLag: 0 }));
        Assert.InRange(pair.Stream.Judge().Records, commits ? before + Records : before, long.MaxValue);
    }

    [Fact]
    public async Task Transactions_left_open()
    {
        const int Partition = 0;
        var pair = await SharedPairAsync();
        using var producer = Begin(pair.Stream);
        producer.Produce(new TopicPartition(pair.Stream.Topic, Partition), SampleRecords.Events(1).Single());
        producer.Flush(NodePair.Limit);
        var open = (await pair.Stream.EndsAsync())[Partition];

        // The partition stands where the transaction begins, for every reader alike; the others go on.
        await CountsAgainAsync(pair, except: Partition);
        Assert.InRange((await pair.Tables.PositionsAsync()).Of(pair.Identity, Partition), 0, open);
        await pair.AssertExactAsync();
        // What nobody may read yet is there, and is not stored.
        await pair.JudgeAsync(async () =>
        {
            var ends = await pair.Stream.EndsAsync();
            var lag = ends[Partition] - (await pair.Tables.PositionsAsync()).Of(pair.Identity, Partition);
            Assert.InRange(lag, 1, long.MaxValue);
            await pair.Shown.ShowsAsync($"lag {lag}", view => view.Lag == lag && view.PageLag == lag && view.Partitions[Partition].Lag == lag);
        });

        producer.CommitTransaction(NodePair.Limit);
        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Transaction_open_while_the_leader_changes(bool commits)
    {
        LongForm.Require();
        // Its end is written by a later leader than its records: sessions that begin behind it know the records' leader alone.
        await using var pair = Watched(await Shared.StartPairAsync(1));
        await pair.Flow.PauseAsync();
        using var producer = Begin(pair.Stream);
        Produce(producer, pair.Stream.Topic);
        await Shared.Broker.KillAsync();
        await Shared.StartBrokerAsync();
        if (commits)
            producer.CommitTransaction(NodePair.Limit);
        else
            producer.AbortTransaction(NodePair.Limit);
        await pair.Shown.ShowsAsync("no lag", view => view is { Lag: 0, PageLag: 0 });

        await pair.StopNodesAsync();
        await pair.StartNodesAsync();
        Watched(pair);
        pair.Flow.Resume();
        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
        await pair.JudgeAsync(() => pair.Shown.ShowsAsync("no lag", view => view is { Lag: 0, PageLag: 0 } && view.Partitions.All(each => each.Standing is null)));
    }

    private static IProducer<byte[], byte[]> Begin(TestStream stream)
    {
        // By itself the broker ends a transaction after a minute, and its own start may take as long on a busy machine.
        var producer = stream.Producer(new ProducerConfig { TransactionalId = $"{stream.Topic}-{Guid.NewGuid():N}", TransactionTimeoutMs = 600_000 });
        producer.InitTransactions(NodePair.Limit);
        producer.BeginTransaction();
        return producer;
    }

    private static void Produce(IProducer<byte[], byte[]> producer, string topic)
    {
        foreach (var record in SampleRecords.Events(Records))
            producer.Produce(topic, record);
        producer.Flush(NodePair.Limit);
    }
}
