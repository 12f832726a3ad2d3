using Pulse.Actors.Broker;
using Pulse.Counting;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>Where a log differs from the one that was counted, after a broker was put back to a copy of its disk: it gives leader epochs again.</summary>
public sealed class PutBackDiskTests
{
    [Fact]
    public async Task All_of_the_newest_epoch_is_in_doubt_and_one_that_a_later_epoch_ended_looks_like_one_of_an_unclean_election()
    {
        await using var cluster = await KafkaFixture.StartClusterAsync();
        var stream = await TestStream.CreateAsync(cluster, [1]);
        var broker = cluster.Brokers[0];
        await stream.ProduceAsync(partition: 0, 100);
        var first = End(stream);
        await broker.StopAsync();
        broker.CopyDisk();
        await cluster.StartAsync(broker);
        await stream.ProduceAsync(partition: 0, 200);
        var second = End(stream);
        await broker.StopAsync();
        await cluster.StartAsync(broker);
        await stream.ProduceAsync(partition: 0, 100);
        var third = End(stream);
        Assert.Equal((100, 300, 400), (first.Offset, second.Offset, third.Offset));
        Assert.True(first.Epoch < second.Epoch && second.Epoch < third.Epoch, $"{first}, {second}, {third}");

        await broker.KillAsync();
        broker.PutDiskBack();
        await cluster.StartAsync(broker);
        await stream.ProduceAsync(partition: 0, 50);
        var again = End(stream);

        Assert.Equal(new LogPosition(150, second.Epoch), again);
        var cuts = await AskAsync(stream, first, second, third, again);
        // Whether the one at 150 is a place in this log or in the former one, nobody knows.
        Assert.Equal(new HashSet<LogPosition> { again, second, third }, cuts.Keys.ToHashSet());
        Assert.All(cuts.Values, cut => Assert.Equal(new LogDivergence(first, IsCertain: false), cut));

        await broker.StopAsync();
        await cluster.StartAsync(broker);
        await stream.ProduceAsync(partition: 0, 10);

        cuts = await AskAsync(stream, first, second, third, again);
        Assert.Equal(2, cuts.Count);
        Assert.Equal(new LogDivergence(again, IsCertain: true), cuts[second]);
        Assert.Equal(new LogDivergence(again, IsCertain: false), cuts[third]);
    }

    private static LogPosition End(TestStream stream)
    {
        var last = stream.ReadEvents()[^1];
        return new LogPosition(last.Offset.Value + 1, last.LeaderEpoch ?? LogPosition.UnknownEpoch);
    }

    private static async Task<IReadOnlyDictionary<LogPosition, LogDivergence>> AskAsync(TestStream stream, params LogPosition[] positions)
    {
        var settings = new KafkaSettings(stream.BootstrapServers) { Topic = stream.Topic };
        using var questions = new TopicQuestions(settings);
        var spans = await questions.SpansAsync(settings.Topic, [0], TestContext.Current.CancellationToken);
        return await new CutQuestions(settings).AskAsync(0, spans[0], positions, TestContext.Current.CancellationToken);
    }
}
