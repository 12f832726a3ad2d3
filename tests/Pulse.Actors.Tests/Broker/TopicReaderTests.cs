using System.Globalization;
using System.Text;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pulse.Actors.Broker;
using Pulse.Actors.Tests.Ingest;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Simulator.Broker;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Broker;

/// <summary>A node's reader of its topic against a broker.</summary>
public sealed class TopicReaderTests(KafkaFixture kafka) : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ActorSystem _system = ActorSystem.Create("reader", "akka.stdout-loglevel = OFF, akka.loggers = []");
    private readonly List<TopicReader> _readers = [];
    private readonly ClientMonitor _monitor = new();
    private EventTopic _topic = null!;

    public async ValueTask InitializeAsync() => _topic = await EventTopic.CreateAsync(kafka, 2);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_readers.Select(reader => reader.StopAsync())).WaitAsync(Limit);
        await _system.Terminate();
    }

    [Fact]
    public async Task A_partition_is_read_from_where_it_is_sought_and_not_before()
    {
        await _topic.ProduceAsync(0, Numbers(0, 5));
        var before = DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeMilliseconds();
        var reader = Start();

        var assigned = reader.Assign(0);
        reader.Seek(assigned, At(2), 7);
        var records = await Reader(assigned).TakeAsync(3);

        Assert.Equal(new StreamPartition(EventTopic.Stream, 0), assigned.Partition);
        Assert.Equal(["2", "3", "4"], records.Select(record => record.Text));
        Assert.Equal([2L, 3, 4], records.Select(record => record.Offset));
        Assert.All(records, record => Assert.Equal(7, record.Reading));
        Assert.All(records, record => Assert.InRange(record.Time, before, before + 120_000));
        Assert.All(records, record => Assert.Equal([7], record.Key));
    }

    [Fact]
    public async Task What_is_sought_again_is_read_again_under_its_own_number()
    {
        await _topic.ProduceAsync(0, Numbers(0, 5));
        var reader = Start();
        var assigned = Seek(reader, 0, offset: 0);
        var news = Reader(assigned);
        AssertOneByOne(await news.TakeAsync(5), reading: 1);

        for (var reading = 2; reading < 10; reading++)
        {
            reader.Seek(assigned, At(2), reading);
            Assert.Equal(
                [(reading, 2L), (reading, 3), (reading, 4)],
                (await news.TakeAsync(3)).Select(record => (record.Reading, record.Offset)));
        }
    }

    [Fact]
    public async Task Of_many_seeks_in_a_row_the_last_one_counts()
    {
        await _topic.ProduceAsync(0, Numbers(0, 50));
        var reader = Start();
        var assigned = reader.Assign(0);

        for (var reading = 1; reading <= 20; reading++)
            reader.Seek(assigned, At(20 - reading), reading);

        AssertOneByOne(await Reader(assigned).TakeAsync(record => record.Reading == 20, 50), reading: 20);
    }

    [Fact]
    public async Task The_first_batch_after_a_seek_starts_there_and_each_other_one_where_the_one_before_it_ended()
    {
        await _topic.ProduceAsync(0, Numbers(0, 9_000));
        var assigned = Seek(Start(), 0, offset: 3);
        using var materializer = _system.Materializer();

        var spans = await assigned.News
            .Where(news => news is RecordBatch)
            .Select(news => (((RecordBatch)news).Start, ((RecordBatch)news).NextOffset))
            .TakeWhile(span => span.NextOffset < 9_000, inclusive: true)
            .RunWith(Sink.Seq<(long Start, long Next)>(), materializer)
            .WaitAsync(Limit);

        Assert.Equal([3, .. spans.SkipLast(1).Select(span => span.Next)], spans.Select(span => span.Start));
    }

    [Fact]
    public async Task The_epoch_of_a_record_is_that_of_the_leader_that_wrote_it()
    {
        await using var cluster = await KafkaFixture.StartClusterAsync();
        var topic = EventTopic.At(await KafkaFixture.CreateStreamAsync(cluster.BootstrapServers, 1));
        await topic.ProduceAsync(0, Numbers(0, 3));
        await cluster.Brokers[0].StopAsync();
        await cluster.StartAsync(cluster.Brokers[0]);
        await topic.ProduceAsync(0, Numbers(3, 3));

        var records = await Reader(Seek(Start(topic.Settings), 0, offset: 0)).TakeAsync(6);

        var first = records[0].Epoch;
        Assert.True(first >= 0, $"The first record's epoch is {first}.");
        Assert.All(records.Take(3), record => Assert.Equal(first, record.Epoch));
        Assert.All(records.Skip(3), record => Assert.True(record.Epoch > first, $"A later record's epoch is {record.Epoch}."));
    }

    [Fact]
    public async Task The_embedded_broker_is_read_and_sought_as_any_other()
    {
        using var broker = EmbeddedBroker.Start();
        broker.CreateTopic("events", 1);
        var topic = EventTopic.At(new KafkaSettings(broker.BootstrapServers) { Topic = "events" });
        await topic.ProduceAsync(0, Numbers(0, 5));
        var reader = Start(topic.Settings);
        var assigned = Seek(reader, 0, offset: 0);
        var news = Reader(assigned);

        AssertOneByOne(await news.TakeAsync(5), reading: 1);
        reader.Seek(assigned, new LogPosition(3, 0), 2);
        var again = await news.TakeAsync(2);
        Assert.Equal([(2, 3L), (2, 4)], again.Select(record => (record.Reading, record.Offset)));
        Assert.All(again, record => Assert.True(record.Epoch >= LogPosition.UnknownEpoch));
        reader.Seek(assigned, At(6), 3);
        Assert.Equal(3, (await news.OtherAsync<PositionNotFound>()).Reading);
    }

    [Fact]
    public async Task What_is_committed_is_what_the_broker_then_says()
    {
        await _topic.ProduceAsync(0, Numbers(0, 5));
        var reader = Start();
        var assigned = reader.Assign(0);

        await reader.CommitAsync(assigned.Partition, 4);

        Assert.Equal(4, _topic.Committed(0));
        Assert.Null(_topic.Committed(1));
    }

    [Fact]
    public async Task A_slow_reader_pauses_its_partition_and_no_other_and_misses_nothing()
    {
        const int count = 30_000;
        await _topic.ProduceAsync(0, Numbers(0, count));
        await _topic.ProduceAsync(1, Numbers(0, count));
        var reader = Start();
        var slow = Seek(reader, 0, offset: 0);
        var quick = Seek(reader, 1, offset: 0);

        AssertOneByOne(await Reader(quick).TakeAsync(count), reading: 1);
        AssertOneByOne(await Reader(slow).TakeAsync(count), reading: 1);
    }

    [Fact]
    public async Task A_paused_partition_can_be_sought()
    {
        const int count = 30_000;
        await _topic.ProduceAsync(0, Numbers(0, count));
        await _topic.ProduceAsync(1, Numbers(0, count));
        var reader = Start();
        var slow = Seek(reader, 0, offset: 0);
        await Reader(Seek(reader, 1, offset: 0)).TakeAsync(count);

        reader.Seek(slow, At(0), 2);

        AssertOneByOne(await Reader(slow).TakeAsync(record => record.Reading == 2, count), reading: 2);
    }

    [Fact]
    public async Task A_paused_partition_that_was_taken_back_is_read_when_it_comes_again()
    {
        const int count = 30_000;
        await _topic.ProduceAsync(0, Numbers(0, count));
        await _topic.ProduceAsync(1, Numbers(0, count));
        var reader = Start();
        var slow = Seek(reader, 0, offset: 0);
        await Reader(Seek(reader, 1, offset: 0)).TakeAsync(count);

        reader.Unassign(slow);

        AssertOneByOne(await Reader(Seek(reader, 0, offset: 0)).TakeAsync(count), reading: 1);
    }

    [Fact]
    public async Task A_large_record_arrives_whole()
    {
        var value = new byte[300_000];
        new Random(5).NextBytes(value);
        await _topic.ProduceAsync(0, [.. Numbers(0, 1), value, .. Numbers(2, 1)]);

        var records = await Reader(Seek(Start(), 0, offset: 0)).TakeAsync(3);

        Assert.Equal(value, records[1].Value);
        Assert.Equal("2", records[2].Text);
    }

    [Fact]
    public async Task The_end_of_a_partition_is_told_without_a_record()
    {
        var assigned = Seek(Start(), 0, offset: 0);

        var (count, next) = await assigned.News
            .Where(news => news is RecordBatch)
            .Select(news => (((RecordBatch)news).Count, ((RecordBatch)news).NextOffset))
            .RunWith(Sink.First<(int, long)>(), _system.Materializer())
            .WaitAsync(Limit);

        Assert.Equal((0, 0L), (count, next));
    }

    [Fact]
    public async Task A_partition_that_is_unassigned_ends_and_the_others_go_on()
    {
        var reader = Start();
        var first = Seek(reader, 0, offset: 0);
        var second = Seek(reader, 1, offset: 0);
        reader.Unassign(first);

        await EndAsync(first);
        await _topic.ProduceAsync(1, Numbers(0, 1));
        Assert.Equal("0", (await Reader(second).TakeAsync(1))[0].Text);
    }

    [Fact]
    public async Task Assigning_a_partition_again_ends_its_former_source_which_can_neither_be_sought_nor_taken_back_any_more()
    {
        await _topic.ProduceAsync(0, Numbers(0, 2));
        var reader = Start();
        var former = Seek(reader, 0, offset: 0);

        var current = Seek(reader, 0, offset: 0);
        await EndAsync(former);
        reader.Unassign(former);
        reader.Seek(former, At(1), 2);

        Assert.Equal(2, (await Reader(current).TakeAsync(2)).Count);
    }

    [Fact]
    public async Task Stopping_ends_everything_and_nothing_is_committed_afterwards()
    {
        var reader = Start();
        var assigned = reader.Assign(0);

        await reader.StopAsync().WaitAsync(Limit);

        await EndAsync(assigned);
        Assert.True(reader.Completion.IsCompletedSuccessfully);
        await Assert.ThrowsAsync<KafkaException>(() => CommitAsync(reader, assigned));
        await EndAsync(reader.Assign(1));
        Assert.Null(_topic.Committed(0));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(23)]
    public async Task A_position_outside_of_the_log_is_told_after_what_was_read_and_can_be_left_again(long outside)
    {
        await _topic.ProduceAsync(0, Numbers(0, 22));
        await _topic.RemoveBelowAsync(0, 9);
        var reader = Start();
        var assigned = Seek(reader, 0, offset: 9);
        var news = Reader(assigned);
        Assert.Equal(13, (await news.TakeAsync(13)).Count);

        reader.Seek(assigned, At(outside), 2);
        Assert.Equal(2, (await news.OtherAsync<PositionNotFound>()).Reading);

        reader.Seek(assigned, At(20), 3);
        Assert.Equal([(3, 20L), (3, 21)], (await news.TakeAsync(2)).Select(record => (record.Reading, record.Offset)));
    }

    [Fact]
    public async Task A_position_whose_epoch_the_broker_does_not_know_is_a_cut_log()
    {
        await _topic.ProduceAsync(0, Numbers(0, 5));
        var reader = Start();
        var assigned = reader.Assign(0);
        var news = Reader(assigned);

        reader.Seek(assigned, new LogPosition(3, 77), 1);

        var cut = await news.OtherAsync<LogCut>();
        Assert.Equal(1, cut.Reading);
        Assert.Contains("epoch", cut.Detail, StringComparison.OrdinalIgnoreCase);
        // No leader had this epoch, so the broker does not say where it ended.
        Assert.Null(cut.At);
        reader.Seek(assigned, new LogPosition(3, 0), 2);
        Assert.Equal([3L, 4], (await news.TakeAsync(2)).Select(record => record.Offset));
    }

    [Fact]
    public async Task The_client_says_how_its_brokers_are()
    {
        await _topic.ProduceAsync(0, Numbers(0, 9));

        await Reader(Seek(Start(), 0, offset: 0)).TakeAsync(9);

        await Until.TrueAsync(() => _monitor.Latest is { } said
            && said.Brokers.Any(broker => broker is { State: "UP", Errors: 0, RoundTripP99Microseconds: > 0 }));
    }

    [Fact]
    public async Task Many_partitions_are_assigned_and_sought_together_and_each_is_read()
    {
        const int Partitions = 200;
        var topic = EventTopic.At(await kafka.CreateStreamAsync(Partitions));
        for (var partition = 0; partition < Partitions; partition += 50)
            await topic.ProduceAsync(partition, Numbers(0, 3));
        var reader = Start(topic.Settings);

        var assigned = Enumerable.Range(0, Partitions).Select(partition => Seek(reader, partition, offset: 0)).ToList();

        foreach (var each in assigned)
        {
            var expected = each.Partition.Partition % 50 == 0 ? 3 : 0;
            AssertOneByOne(await Reader(each).TakeAsync(expected), reading: 1);
        }
    }

    [Fact]
    public async Task A_broker_that_is_away_is_waited_for_and_other_requests_are_not()
    {
        string address;
        using (var broker = EmbeddedBroker.Start())
            address = broker.BootstrapServers;
        var reader = Start(_topic.Settings with { BootstrapServers = address });

        Seek(reader, 0, offset: 0);
        var other = Seek(reader, 1, offset: 0);
        reader.Unassign(other);

        await EndAsync(other);
        Assert.False(reader.Completion.IsCompleted);
        await reader.StopAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task A_stuck_client_is_silent_and_given_up_without_waiting_for_it()
    {
        using var stuck = new StuckLog();
        string address;
        using (var broker = EmbeddedBroker.Start())
            address = broker.BootstrapServers;
        // The client says that nobody is there by a callback, which the polling thread carries out.
        var reader = TopicReader.Start(new KafkaSettings(address), EventTopic.Stream, _monitor, stuck);
        var assigned = Seek(reader, 0, offset: 0);

        await stuck.Entered.WaitAsync(Limit);
        await Until.TrueAsync(() => reader.Silence > TimeSpan.FromSeconds(1));
        reader.Abandon();

        await EndAsync(assigned);
        await Assert.ThrowsAsync<KafkaException>(() => reader.Completion.WaitAsync(Limit));
        await Assert.ThrowsAsync<KafkaException>(() => reader.CommitAsync(assigned.Partition, 1));
        await EndAsync(reader.Assign(0));
    }

    private static IEnumerable<byte[]> Numbers(int first, int count) => Enumerable.Range(first, count)
        .Select(number => Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)));

    private static void AssertOneByOne(IReadOnlyList<Record> records, int reading)
    {
        Assert.Equal(Enumerable.Range(0, records.Count).Select(offset => (long)offset), records.Select(it => it.Offset));
        Assert.All(records, record => Assert.Equal(reading, record.Reading));
    }

    private static async Task CommitAsync(TopicReader reader, AssignedPartition assigned) =>
        await reader.CommitAsync(assigned.Partition, 1);

    private static LogPosition At(long offset) => new(offset, LogPosition.UnknownEpoch);

    /// <summary>Assigns a partition and begins its first reading.</summary>
    private static AssignedPartition Seek(TopicReader reader, int partition, long offset)
    {
        var assigned = reader.Assign(partition);
        reader.Seek(assigned, At(offset), 1);
        return assigned;
    }

    private TopicReader Start() => Start(_topic.Settings);

    private TopicReader Start(KafkaSettings settings)
    {
        var reader = TopicReader.Start(settings, EventTopic.Stream, _monitor, NullLogger.Instance);
        _readers.Add(reader);
        return reader;
    }

    private BatchReader Reader(AssignedPartition assigned) => new(assigned, _system);

    private async Task EndAsync(AssignedPartition assigned) =>
        await assigned.News.RunWith(Sink.Ignore<PartitionNews>(), _system.Materializer()).WaitAsync(Limit);

    private sealed record Record(int Reading, long Offset, int Epoch, long Time, byte[] Key, byte[] Value)
    {
        public string Text => Encoding.UTF8.GetString(Value);
    }

    /// <summary>Reads a partition's batches, no more of them than it is asked for.</summary>
    private sealed class BatchReader(AssignedPartition assigned, ActorSystem system)
    {
        private readonly ISinkQueue<PartitionNews> _news =
            assigned.News.RunWith(Sink.Queue<PartitionNews>(), system.Materializer());

        /// <summary>Takes whatever comes until there is something other than records.</summary>
        public async Task<T> OtherAsync<T>()
            where T : PartitionNews
        {
            while (true)
            {
                var next = await _news.PullAsync().WaitAsync(Limit);
                Assert.True(next.HasValue, "The source ended.");
                if (next.Value is RecordBatch batch)
                    batch.Dispose();
                else
                    return Assert.IsType<T>(next.Value);
            }
        }

        public Task<List<Record>> TakeAsync(int count) => TakeAsync(_ => true, count);

        public async Task<List<Record>> TakeAsync(Func<Record, bool> isWanted, int count)
        {
            var taken = new List<Record>();
            while (taken.Count < count)
            {
                var next = await _news.PullAsync().WaitAsync(Limit);
                Assert.True(next.HasValue, $"The source ended after {taken.Count} of {count} records.");
                using var batch = Assert.IsType<RecordBatch>(next.Value);
                taken.AddRange(RecordsOf(batch).Where(isWanted));
            }

            return taken;
        }

        private static IEnumerable<Record> RecordsOf(RecordBatch batch) => Enumerable.Range(0, batch.Count)
            .Select(index => new Record(
                batch.Reading,
                batch.Offset(index),
                batch.Epoch(index),
                batch.UnixMilliseconds(index),
                batch.Key(index).ToArray(),
                batch.Value(index).ToArray()));
    }
}
