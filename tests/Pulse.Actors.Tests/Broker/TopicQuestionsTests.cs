using System.Net;
using System.Net.Sockets;
using Pulse.Actors.Broker;
using Pulse.Actors.Tests.Ingest;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Broker;

/// <summary>What a node asks the brokers beside reading.</summary>
public sealed class TopicQuestionsTests(KafkaFixture kafka)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_topic_is_told_by_cluster_name_and_id_with_the_leaders_of_its_partitions()
    {
        var settings = await kafka.CreateStreamAsync(3);
        using var questions = new TopicQuestions(settings);

        var described = await questions.DescribeAsync(Stop);

        Assert.Equal(settings.Topic, described.Topic);
        Assert.NotNull(described.Id);
        Assert.Equal($"{described.Cluster}/{settings.Topic}/{described.Id}", described.Stream);
        Assert.Equal([true, true, true], described.HasLeader);
    }

    [Fact]
    public async Task A_broker_may_be_asked_while_it_stops_and_starts()
    {
        await using var cluster = await KafkaFixture.StartClusterAsync();
        var settings = await KafkaFixture.CreateStreamAsync(cluster.BootstrapServers, 1);
        using var questions = new TopicQuestions(settings, TimeSpan.FromSeconds(1));
        var before = await questions.DescribeAsync(Stop);
        using var end = new CancellationTokenSource();
        // While it stops, it answers that there is no broker: to DescribeCluster, such an answer ends the process.
        var asking = Enumerable.Range(0, 4).Select(_ => Task.Run(
            async () =>
            {
                while (!end.IsCancellationRequested)
                    await AnswersAsync(questions);
            },
            Stop)).ToList();

        for (var stop = 0; stop < 2; stop++)
        {
            await cluster.Brokers[0].StopAsync();
            await cluster.StartAsync(cluster.Brokers[0]);
        }

        await end.CancelAsync();
        await Task.WhenAll(asking);
        await Eventually.HoldsAsync("it answers again", Limit, () => AnswersAsync(questions));
        Assert.Equal(before.Stream, (await questions.DescribeAsync(Stop)).Stream);
    }

    [Fact]
    public async Task A_configured_identity_is_taken_as_it_is()
    {
        var settings = await kafka.CreateStreamAsync(2) with { StreamIdentity = "mine" };
        using var questions = new TopicQuestions(settings);

        var described = await questions.DescribeAsync(Stop);

        Assert.Equal(("mine", 2, null), (described.Stream, described.Partitions, described.Id));
    }

    [Fact]
    public async Task What_many_logs_hold_is_told_at_once()
    {
        var topic = EventTopic.At(await kafka.CreateStreamAsync(20));
        await topic.ProduceAsync(3, Enumerable.Repeat("event"u8.ToArray(), 22));
        await topic.RemoveBelowAsync(3, 9);
        using var questions = new TopicQuestions(topic.Settings);

        var spans = await questions.SpansAsync(topic.Settings.Topic, [.. Enumerable.Range(0, 20)], Stop);

        Assert.Equal(20, spans.Count);
        Assert.All(spans, span => Assert.Equal(span.Key == 3 ? new LogSpan(9, 22) : new LogSpan(0, 0), span.Value));
    }

    [Fact]
    public async Task Sessions_that_ask_at_once_are_answered_together_and_each_by_its_own_partition()
    {
        var topic = EventTopic.At(await kafka.CreateStreamAsync(5));
        await topic.ProduceAsync(2, Enumerable.Repeat("event"u8.ToArray(), 4));
        using var questions = new TopicQuestions(topic.Settings);
        var spans = new LogSpans(questions, topic.Settings.Topic);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(index => spans.AskAsync(index % 5))).WaitAsync(Limit, Stop);

        for (var index = 0; index < answers.Length; index++)
            Assert.Equal(new LogSpan(0, index % 5 == 2 ? 4 : 0), answers[index]);
        Assert.Null(await spans.AskAsync(77));
    }

    [Fact]
    public async Task A_topic_that_is_not_there_is_named()
    {
        var settings = await kafka.CreateStreamAsync(1) with { Topic = "nowhere" };
        using var questions = new TopicQuestions(settings);

        var refused = await Assert.ThrowsAsync<IngestException>(() => questions.DescribeAsync(Stop));

        Assert.Contains("'nowhere'", refused.Message, StringComparison.Ordinal);
        Assert.True(refused.IsAnswer);
    }

    [Fact]
    public async Task Why_a_broker_can_t_be_used_is_said_in_the_client_s_words_with_the_setting()
    {
        var settings = await kafka.CreateStreamAsync(1);
        using var questions = new TopicQuestions(settings with { Client = settings.Client.SetItem("security.protocol", "ssl") });

        var refused = await Assert.ThrowsAsync<IngestException>(() => questions.DescribeAsync(Stop).WaitAsync(Limit, Stop));

        Assert.Contains("SSL handshake failed", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Pulse:Kafka:Client:security.protocol (ssl)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_never_answers_is_waited_for_no_longer_than_the_limit_and_asked_anew()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var address = silent.LocalEndpoint.ToString()!;
        using var questions = new TopicQuestions(new KafkaSettings(address), TimeSpan.FromSeconds(1));
        var spans = new LogSpans(questions, "netflix-event");

        for (var attempt = 0; attempt < 2; attempt++)
        {
            var unanswered = await Assert.ThrowsAsync<IngestException>(() => questions.DescribeAsync(Stop).WaitAsync(Limit, Stop));
            Assert.Contains(address, unanswered.Message, StringComparison.Ordinal);
            Assert.False(unanswered.IsAnswer);
        }

        Assert.Null(await spans.AskAsync(0).WaitAsync(Limit, Stop));
    }

    private static async Task<bool> AnswersAsync(TopicQuestions questions)
    {
        try
        {
            await questions.DescribeAsync(Stop);
            return true;
        }
        catch (IngestException)
        {
            return false;
        }
    }
}
