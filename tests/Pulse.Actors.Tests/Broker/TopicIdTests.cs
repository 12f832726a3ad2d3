using Confluent.Kafka.Admin;
using Pulse.Actors.Broker;
using Pulse.Simulator.Broker;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Broker;

/// <summary>When a broker tells the id of a topic: whenever it tells the topic.</summary>
public sealed class TopicIdTests(KafkaFixture kafka)
{
    private const int Topics = 20;

    [Fact]
    public async Task A_topic_that_was_just_created_is_told_with_its_id_or_not_at_all()
    {
        await kafka.StartAsync();
        using var administration = KafkaFixture.Administration(kafka.BootstrapServers);
        using var questions = new TopicQuestions(new KafkaSettings(kafka.BootstrapServers));
        var ids = new List<string?>();
        for (var number = 0; number < Topics; number++)
        {
            var topic = $"just-created-{Guid.NewGuid():N}";
            var creating = administration.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = 3 }]);
            ids.Add(await FirstIdAsync(questions, topic));
            await creating;
        }

        Assert.All(ids, Assert.NotNull);
    }

    [Fact]
    public async Task The_embedded_broker_gives_its_topics_ids_as_well()
    {
        using var broker = EmbeddedBroker.Start();
        broker.CreateTopic("events", 2);
        using var questions = new TopicQuestions(new KafkaSettings(broker.BootstrapServers));

        Assert.NotNull((await questions.DescribeAsync("events", null, TestContext.Current.CancellationToken)).Id);
    }

    private static async Task<string?> FirstIdAsync(TopicQuestions questions, string topic)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                return (await questions.DescribeAsync(topic, null, limit.Token)).Id;
            }
            catch (IngestException)
            {
                // Not there yet.
                limit.Token.ThrowIfCancellationRequested();
            }
        }
    }
}
