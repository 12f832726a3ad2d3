using System.Globalization;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Streams;
using Pulse.Actors.Tests.Storage;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Ingest;

/// <summary>What a node takes for its stream, with a broker and a database.</summary>
public sealed class StreamAdmissionTests(KafkaFixture kafka) : IAsyncLifetime
{
    private const int Records = 5;
    private readonly IngestStatistics _statistics = new();
    private TestStorage _storage = null!;
    private NodeStorage _node = null!;
    private KafkaSettings _settings = null!;
    private TopicQuestions _questions = null!;
    private StreamAdmission _streams = null!;

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _settings = await kafka.CreateStreamAsync(partitions: 2);
        _storage = await TestStorage.CreateAsync(StorageKind.Sqlite, null!);
        _node = await _storage.OpenPreparedAsync();
        _questions = new TopicQuestions(_settings);
        _streams = Admission(_settings, _questions);
    }

    public async ValueTask DisposeAsync()
    {
        _questions.Dispose();
        await _storage.DisposeAsync();
    }

    [Fact]
    public async Task The_topic_is_the_stream_and_made_again_it_is_another()
    {
        var first = (await _streams.DescribeAsync(Now)).Stream;
        await kafka.MakeTopicAgainAsync(_settings.Topic, 2);

        // A broker may say for a moment what the topic was before.
        await Eventually.HoldsAsync("the topic made again is told", Until.Limit, async () => await _streams.ConfirmAsync(Now) != first);

        var second = await _streams.ConfirmAsync(Now);
        Assert.Equal([first, second], (await _node.ReadStreamsAsync(Now)).Select(stream => stream.Name));
    }

    [Fact]
    public async Task Another_cluster_is_refused_with_both_ids_and_the_command_until_a_person_accepts_it()
    {
        await _node.AdmitStreamAsync(CountedStream.Parse($"other/{_settings.Topic}/A"), Now);

        var refused = await Assert.ThrowsAsync<StreamRefusedException>(() => _streams.ConfirmAsync(Now));

        var now = CountedStream.Parse((await _questions.DescribeAsync(Now)).Stream);
        Assert.Contains($"is cluster '{now.Cluster}'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("of cluster 'other'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("pulse accept-stream", refused.Message, StringComparison.Ordinal);
        Assert.Equal(refused.Message, _statistics.Refusal);

        await _node.AcceptStreamAsync(now, "somebody", Now);
        Assert.Equal(now.Name, await _streams.ConfirmAsync(Now));
        Assert.Null(_statistics.Refusal);
    }

    [Fact]
    public async Task Another_topic_is_refused_as_well()
    {
        var cluster = CountedStream.Parse((await _questions.DescribeAsync(Now)).Stream).Cluster;
        await _node.AdmitStreamAsync(CountedStream.Parse($"{cluster}/views/A"), Now);

        var refused = await Assert.ThrowsAsync<StreamRefusedException>(() => _streams.ConfirmAsync(Now));

        Assert.StartsWith($"Pulse:Kafka:Topic is '{_settings.Topic}'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("'views'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_configured_identity_kafka_is_not_asked()
    {
        var settings = new KafkaSettings("127.0.0.1:1") { StreamIdentity = "named" };
        using var questions = new TopicQuestions(settings);

        Assert.Equal("named", await Admission(settings, questions).ConfirmAsync(Now));
    }

    [Theory]
    [InlineData("5@0 5")]
    [InlineData("5 0")]
    [InlineData("- 2@0")]
    [InlineData("")]
    public async Task A_broker_that_begins_to_give_ids_has_positions_go_on_where_they_fit_the_log(string positions)
    {
        var stream = await StandAtAsync(positions);

        Assert.Equal(stream.Name, await _streams.ConfirmAsync(Now));

        Assert.Equal([stream], await _node.ReadStreamsAsync(Now));
        Assert.Equal(
            positions.Length == 0 ? [] : [$"{stream.Name} {positions}"],
            await _storage.QueryAsync("select positions from pulse_bucket where positions <> ''"));
    }

    [Theory]
    [InlineData("6@0", "holds offsets 0 to 5, and a position in it is 6@0")]
    [InlineData("5@0 4@3", "a position in partition 1 is 4@3, and the record at offset 3 has epoch 0")]
    public async Task Where_positions_do_not_fit_the_log_it_is_refused_until_a_person_accepts_it(string positions, string mistake)
    {
        var stream = await StandAtAsync(positions);

        var refused = await Assert.ThrowsAsync<StreamRefusedException>(() => _streams.ConfirmAsync(Now));

        Assert.Contains(mistake, refused.Message, StringComparison.Ordinal);
        Assert.Contains("pulse accept-stream", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(stream, await _node.ReadStreamsAsync(Now));
        await _node.AcceptStreamAsync(stream, "somebody", Now);
        Assert.Equal(stream.Name, await _streams.ConfirmAsync(Now));
    }

    private StreamAdmission Admission(KafkaSettings settings, TopicQuestions questions) =>
        new(settings, questions, _node, _statistics, NullLogger<StreamAdmission>.Instance);

    /// <summary>Fills the topic, and has a bucket stand in it by the name that a broker without ids gives.</summary>
    private async Task<CountedStream> StandAtAsync(string positions)
    {
        using (var producer = new ProducerBuilder<Null, string>(new ProducerConfig(_settings.ClientProperties())).SetLogHandler((_, _) => { }).Build())
        {
            for (var number = 0; number < 2 * Records; number++)
                await producer.ProduceAsync(
                    new TopicPartition(_settings.Topic, number % 2),
                    new Message<Null, string> { Value = number.ToString(CultureInfo.InvariantCulture) }, Now);
        }

        var stream = CountedStream.Parse((await _questions.DescribeAsync(Now)).Stream);
        await _node.AdmitStreamAsync(stream with { Name = $"{stream.Cluster}/{stream.Topic}", Id = "" }, Now);
        if (positions.Length > 0)
            await _storage.QueryAsync(
                $"update pulse_bucket set positions = '{stream.Cluster}/{stream.Topic} {positions}' where version = 1 and bucket = 2");
        return stream;
    }
}
