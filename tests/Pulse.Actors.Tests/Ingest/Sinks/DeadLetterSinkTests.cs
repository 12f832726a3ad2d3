using System.Globalization;
using System.Text;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Events;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Ingest.Sinks;

/// <summary>The sink of a node on a broker and a database; its ingestors are probes.</summary>
public sealed class DeadLetterSinkTests(KafkaFixture kafka, PostgresFixture postgres) : TestKit("akka.loglevel = WARNING, akka.loggers = []")
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly DeadLetterStatistics _statistics = new();
    private EventTopic _topic = null!;
    private TestStorage _storage = null!;
    private readonly Dictionary<int, ICancelable> _telling = [];
    private TestProbe _ingestor = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _topic = await EventTopic.CreateAsync(kafka, 2);
        _storage = await TestStorage.CreatePreparedAsync(StorageKind.Sqlite, postgres);
        _ingestor = CreateTestProbe("ingestor");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _storage.DisposeAsync();
    }

    [Fact]
    public async Task Key_value_and_headers_arrive_as_they_were_null_and_empty_too()
    {
        Message<byte[], byte[]>[] bad =
        [
            new() { Key = null!, Value = null! },
            new() { Key = [], Value = [] },
            new() { Key = [7], Value = null!, Headers = new Headers { { "trace", [1, 0xFF] }, { "trace", [] }, { "none", null } } },
            new() { Key = null!, Value = "{"u8.ToArray(), Headers = new Headers { { "pulse-reason", "Forged"u8.ToArray() } } },
        ];
        await ProduceAsync(0, [Good(), .. bad, Good()]);
        var sink = StartSink();

        Tell(sink, 0, to: 6, [1, 2, 3, 4]);

        var letters = await LettersAsync(4);
        foreach (var (sent, source) in letters.Zip(bad))
        {
            Assert.Equal(source.Key, sent.Key);
            Assert.Equal(source.Value, sent.Value);
        }

        Assert.Equal(["1", "2", "3", "4"], letters.Select(letter => Header(letter, DeadLetter.SourceOffsetHeader)));
        Assert.Equal(["Empty", "Empty", "Empty", "NotJson"], letters.Select(letter => Header(letter, DeadLetter.ReasonHeader)));
        Assert.Equal(
            ["trace:01FF", "trace:", "none:null"],
            letters[2].Headers.Where(header => !header.Key.StartsWith(DeadLetter.OwnPrefix, StringComparison.Ordinal)).Select(header =>
                $"{header.Key}:{(header.GetValueBytes() is { } bytes ? Convert.ToHexString(bytes) : "null")}"));
        Assert.Equal("Forged", Header(letters[3], "source-pulse-reason"));
        await StoredAsync("0|6");
        Assert.Equal((4L, (long?)0L, (string?)null), (_statistics.Sent, _statistics.Waiting, _statistics.Problem));
    }

    [Fact]
    public async Task What_was_not_told_of_since_the_stored_position_is_sent_by_the_next_owner_and_what_was_sent_is_not()
    {
        await ProduceAsync(1, [.. Enumerable.Range(0, 20).Select(number => number % 2 == 0 ? Good() : Bad(number))]);
        var first = StartSink();
        Tell(first, 1, to: 6, [1, 3, 5]);
        await StoredAsync("1|6");
        // Told, and perhaps sent: dies before it can be stored.
        first.Tell(PoisonPill.Instance);
        await _ingestor.WatchAsync(first);
        await _ingestor.ExpectTerminatedAsync(first, Limit);

        var next = StartSink();
        Tell(next, 1, from: 16, to: 20, [17, 19]);

        await StoredAsync("1|20");
        Assert.Equal(
            ["1", "3", "5", "7", "9", "11", "13", "15", "17", "19"],
            (await LettersAsync(10)).Select(letter => Header(letter, DeadLetter.SourceOffsetHeader)));
    }

    [Fact]
    public async Task A_partition_that_comes_back_goes_on_where_another_node_left_it()
    {
        await ProduceAsync(0, [.. Enumerable.Range(0, 8).Select(Bad)]);
        var sink = StartSink();
        Tell(sink, 0, to: 2, [0, 1]);
        await StoredAsync("0|2");
        await _storage.QueryAsync("update pulse_sink set position = 6");

        _ingestor = CreateTestProbe("successor");
        Tell(sink, 0, from: 0, to: 8, [0, 1, 2, 3, 4, 5, 6, 7]);

        await StoredAsync("0|8");
        Assert.Equal(["0", "1", "6", "7"], (await LettersAsync(4)).Select(letter => Header(letter, DeadLetter.SourceOffsetHeader)));
    }

    [Fact]
    public async Task A_topic_that_is_not_there_is_said_once_and_when_it_is_there_all_arrive_in_order()
    {
        var warnings = CreateTestProbe();
        Sys.EventStream.Subscribe(warnings, typeof(Akka.Event.Warning));
        var absent = _topic.Settings with { DeadLetterTopic = $"absent-{Guid.NewGuid():N}" };
        await ProduceAsync(0, [.. Enumerable.Range(0, 100).Select(Bad)]);
        var sink = StartSink(absent);
        Tell(sink, 0, to: 50, [.. Enumerable.Range(0, 50)]);

        await Until.TrueAsync(() => _statistics.Problem is not null);

        Assert.Equal(
            $"The dead-letter topic '{absent.DeadLetterTopic}' does not exist. Create it, or correct Pulse:Kafka:DeadLetterTopic.",
            _statistics.Problem);
        var warning = await warnings.ExpectMsgAsync<Akka.Event.Warning>(Limit);
        Assert.Contains("Dead letters wait: The dead-letter topic", warning.ToString(), StringComparison.Ordinal);
        Assert.Equal(50, _statistics.Waiting);
        Tell(sink, 0, from: 50, to: 100, [.. Enumerable.Range(50, 50)]);
        await Until.TrueAsync(() => _statistics.Waiting == 100);
        // Another attempt has failed, and asking has not created it.
        sink.Tell(FinishSending.Instance, _ingestor);
        await _ingestor.ExpectMsgAsync<Akka.Done>(Limit);
        Assert.False(warnings.HasMessages);
        Assert.Empty(await _storage.QueryAsync("select * from pulse_sink"));
        await kafka.CreateNamedTopicAsync(absent.DeadLetterTopic, 1);

        await StoredAsync("0|100");
        Assert.Equal(
            Enumerable.Range(0, 100).Select(number => $"{number}"),
            EventTopic.At(absent).DeadLetters().Select(letter => Header(letter, DeadLetter.SourceOffsetHeader)));
        Assert.Equal(((long?)0L, (string?)null), (_statistics.Waiting, _statistics.Problem));
        Assert.Contains(
            "Dead letters are sent again", (await warnings.ExpectMsgAsync<Akka.Event.Warning>(Limit)).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Records_larger_than_the_topic_takes_are_sent_without_content_and_cost_no_other_its_own(bool hasLargeHeaders)
    {
        var small = _topic.Settings with { DeadLetterTopic = await kafka.CreateTopicAsync("small", 1, ("max.message.bytes", "3000")) };
        var random = new Random(7);
        byte[] large = new byte[5_000];
        random.NextBytes(large);
        await ProduceAsync(0, [.. Enumerable.Range(0, 60).Select(number => number % 20 != 13 ? Bad(number) : new Message<byte[], byte[]>
        {
            Key = [1],
            Value = hasLargeHeaders ? [2] : large,
            Headers = hasLargeHeaders ? new Headers { { "large", large } } : null,
        })]);

        var sink = StartSink(small);
        Tell(sink, 0, to: 60, [.. Enumerable.Range(0, 60)]);

        await StoredAsync("0|60");
        var letters = EventTopic.At(small).DeadLetters();
        var bySource = letters.ToLookup(letter => int.Parse(Header(letter, DeadLetter.SourceOffsetHeader), CultureInfo.InvariantCulture));
        Assert.Equal(Enumerable.Range(0, 60), bySource.Select(each => each.Key).Order());
        foreach (var (source, letter) in bySource.Select(each => (each.Key, each.Last())))
        {
            Assert.Equal(source % 20 == 13, letter.Headers.TryGetLastBytes(DeadLetter.OmittedHeader, out _));
            Assert.Equal(source % 20 == 13 ? null : Bad(source).Value, letter.Value);
        }

        Assert.Null(_statistics.Problem);
    }

    [Fact]
    public async Task Where_retention_took_what_was_not_sent_one_line_says_so_and_the_rest_is_sent()
    {
        var warnings = CreateTestProbe();
        Sys.EventStream.Subscribe(warnings, typeof(Akka.Event.Warning));
        await ProduceAsync(0, [.. Enumerable.Range(0, 12).Select(Bad)]);
        await _topic.RemoveBelowAsync(0, 9);
        var sink = StartSink();

        Tell(sink, 0, to: 12, [.. Enumerable.Range(0, 12)]);

        await StoredAsync("0|12");
        Assert.Equal(["9", "10", "11"], (await LettersAsync(3)).Select(letter => Header(letter, DeadLetter.SourceOffsetHeader)));
        Assert.Contains(
            "begins at offset 9 now: bad records from 0 on",
            (await warnings.ExpectMsgAsync<Akka.Event.Warning>(Limit)).ToString(),
            StringComparison.Ordinal);
        Assert.False(warnings.HasMessages);
    }

    [Fact]
    public async Task Those_of_one_partition_stay_in_one_partition_in_their_order()
    {
        var wide = _topic.Settings with { DeadLetterTopic = await kafka.CreateTopicAsync("wide", 3) };
        await ProduceAsync(0, [.. Enumerable.Range(0, 300).Select(Bad)]);
        await ProduceAsync(1, [.. Enumerable.Range(0, 300).Select(Bad)]);
        var sink = StartSink(wide);

        Tell(sink, 0, to: 300, [.. Enumerable.Range(0, 300)]);
        Tell(sink, 1, to: 300, [.. Enumerable.Range(0, 300)]);

        await StoredAsync("0|300", "1|300");
        // Its reader looks into the first partition alone.
        Assert.Equal(
            Enumerable.Range(0, 300).Select(number => $"0:{number}"),
            EventTopic.At(wide).DeadLetters().Select(letter =>
                $"{Header(letter, DeadLetter.SourcePartitionHeader)}:{Header(letter, DeadLetter.SourceOffsetHeader)}"));
    }

    private static Message<byte[], byte[]> Good() => new() { Key = [7], Value = new SampleEvent().ToBytes() };

    private static Message<byte[], byte[]> Bad(int number) =>
        new() { Key = [7], Value = new SampleEvent().Without("Genre").WithText("UserName", $"user {number}").ToBytes() };

    private static string Header(Message<byte[], byte[]> letter, string name) =>
        Encoding.UTF8.GetString(letter.Headers.GetLastBytes(name));

    private IActorRef StartSink(KafkaSettings? settings = null)
    {
        var rules = new SinkRules(RollupCatalog.Default, CountingRules.Default);
        var positions = _storage.Open().Sinks;
        var kafkaSettings = settings ?? _topic.Settings;
        return Sys.ActorOf(Props.Create(() =>
            new DeadLetterSink(kafkaSettings, rules, positions, _statistics, NullLogger.Instance)));
    }

    private void Tell(IActorRef sink, int partition, long to, IEnumerable<int> bad) => Tell(sink, partition, 0, to, bad);

    /// <summary>Tells it as an ingestor does, again and again: what comes before it knows its position is nothing to it.</summary>
    private void Tell(IActorRef sink, int partition, long from, long to, IEnumerable<int> bad)
    {
        if (_telling.Remove(partition, out var former))
            former.Cancel();
        _telling[partition] = Sys.Scheduler.ScheduleTellRepeatedlyCancelable(
            TimeSpan.Zero,
            TimeSpan.FromMilliseconds(100),
            sink,
            new RecordsHandled(new StreamPartition(EventTopic.Stream, partition), from, to, [.. bad.Select(offset => (long)offset)]),
            _ingestor);
    }

    private async Task StoredAsync(params string[] expected) => await Eventually.HoldsAsync(
        $"stored is {string.Join(", ", expected)}", Until.Limit, async () =>
            (await _storage.QueryAsync("select partition, position from pulse_sink order by partition")).SequenceEqual(expected),
        TimeSpan.FromMilliseconds(50));

    /// <summary>All that are in the topic, as soon as so many were sent: there are no others.</summary>
    private async Task<IReadOnlyList<Message<byte[], byte[]>>> LettersAsync(int count)
    {
        await Until.TrueAsync(() => _statistics.Sent >= count);
        var letters = _topic.DeadLetters();
        Assert.Equal(count, letters.Count);
        return letters;
    }

    private async Task ProduceAsync(int partition, IReadOnlyList<Message<byte[], byte[]>> records)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(
                new ProducerConfig { BootstrapServers = _topic.Settings.BootstrapServers, EnableIdempotence = true })
            .SetLogHandler((_, _) => { })
            .Build();
        await Task.WhenAll(records.Select(record =>
            producer.ProduceAsync(new TopicPartition(_topic.Settings.Topic, partition), record)).ToList()).WaitAsync(Limit);
    }
}
