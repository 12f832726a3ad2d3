using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Ingest;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Simulator.Broker;
using Pulse.Testing.Kafka;

namespace Pulse.Actors.Tests.Ingest;

/// <summary>The node's consumer against a broker.</summary>
public sealed class KafkaConsumerTests(KafkaFixture kafka) : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ActorSystem _system = ActorSystem.Create("reader", "akka.stdout-loglevel = OFF, akka.loggers = []");
    private readonly IngestStatistics _statistics = new();
    private readonly ErrorLog _log = new();
    private readonly List<KafkaConsumer> _consumers = [];
    private EventTopic _topic = null!;

    public async ValueTask InitializeAsync() => _topic = await EventTopic.CreateAsync(kafka, 2);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_consumers.Select(consumer => consumer.StopAsync())).WaitAsync(Limit);
        await _system.Terminate();
    }

    [Fact]
    public async Task A_partition_without_a_committed_offset_is_read_from_its_first_record()
    {
        await _topic.ProduceAsync(0, Numbers(0, 3));
        var before = DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeMilliseconds();

        var assigned = await Start().AssignAsync(0);
        var records = await Reader(assigned).TakeAsync(3);

        Assert.Equal(new StreamPartition(EventTopic.Stream, 0), assigned.Partition);
        Assert.Equal(0, assigned.Committed);
        Assert.Equal(["0", "1", "2"], records.Select(record => record.Text));
        Assert.Equal([0L, 1, 2], records.Select(record => record.Offset));
        Assert.All(records, record => Assert.InRange(record.Time, before, before + 120_000));
        Assert.All(records, record => Assert.Equal([7], record.Key));
    }

    [Fact]
    public async Task A_partition_is_read_from_its_committed_offset()
    {
        await _topic.ProduceAsync(1, Numbers(0, 5));
        _topic.Commit(1, 3);

        var assigned = await Start().AssignAsync(1);

        Assert.Equal(3, assigned.Committed);
        Assert.Equal([3L, 4], (await Reader(assigned).TakeAsync(2)).Select(record => record.Offset));
    }

    [Fact]
    public async Task What_is_committed_is_what_the_broker_then_says()
    {
        await _topic.ProduceAsync(0, Numbers(0, 5));
        var consumer = Start();
        var assigned = await consumer.AssignAsync(0);

        await consumer.CommitAsync(assigned.Partition, 4);

        Assert.Equal(4, _topic.Committed(0));
        Assert.Null(_topic.Committed(1));
    }

    [Fact]
    public async Task A_rewind_reads_again_from_the_committed_offset_in_a_new_epoch()
    {
        await _topic.ProduceAsync(0, Numbers(0, 5));
        var consumer = Start();
        var assigned = await consumer.AssignAsync(0);
        var reader = Reader(assigned);
        Assert.All(await reader.TakeAsync(5), record => Assert.Equal(0, record.Epoch));
        await consumer.CommitAsync(assigned.Partition, 2);

        Assert.Equal((1, 2L), await consumer.RewindAsync(assigned.Partition));

        var again = await reader.TakeAsync(3);
        Assert.Equal([2L, 3, 4], again.Select(record => record.Offset));
        Assert.All(again, record => Assert.Equal(1, record.Epoch));
        Assert.Equal((2, 2L), await consumer.RewindAsync(assigned.Partition));
        Assert.All(await reader.TakeAsync(3), record => Assert.Equal(2, record.Epoch));
    }

    [Fact]
    public async Task A_slow_reader_pauses_its_partition_and_no_other_and_misses_nothing()
    {
        const int count = 30_000;
        await _topic.ProduceAsync(0, Numbers(0, count));
        await _topic.ProduceAsync(1, Numbers(0, count));
        var consumer = Start();
        var slow = await consumer.AssignAsync(0);
        var quick = await consumer.AssignAsync(1);

        AssertOneByOne(await Reader(quick).TakeAsync(count), epoch: 0);
        AssertOneByOne(await Reader(slow).TakeAsync(count), epoch: 0);
    }

    [Fact]
    public async Task A_paused_partition_can_be_rewound()
    {
        const int count = 30_000;
        await _topic.ProduceAsync(0, Numbers(0, count));
        await _topic.ProduceAsync(1, Numbers(0, count));
        var consumer = Start();
        var slow = await consumer.AssignAsync(0);
        await Reader(await consumer.AssignAsync(1)).TakeAsync(count);

        await consumer.RewindAsync(slow.Partition);

        var records = await Reader(slow).TakeAsync(record => record.Epoch == 1, count);
        AssertOneByOne(records, epoch: 1);
    }

    [Fact]
    public async Task A_large_record_arrives_whole()
    {
        var value = new byte[300_000];
        new Random(5).NextBytes(value);
        await _topic.ProduceAsync(0, [.. Numbers(0, 1), value, .. Numbers(2, 1)]);

        var records = await Reader(await Start().AssignAsync(0)).TakeAsync(3);

        Assert.Equal(value, records[1].Value);
        Assert.Equal("2", records[2].Text);
    }

    [Fact]
    public async Task The_end_of_a_partition_is_told_without_a_record()
    {
        var consumer = Start();
        var assigned = await consumer.AssignAsync(0);

        var (count, next) = await assigned.Batches
            .Select(batch => (batch.Count, batch.NextOffset))
            .RunWith(Sink.First<(int, long)>(), _system.Materializer())
            .WaitAsync(Limit);

        Assert.Equal((0, 0L), (count, next));
    }

    [Fact]
    public async Task A_committed_offset_beyond_the_end_is_refused_with_what_to_do()
    {
        await _topic.ProduceAsync(0, Numbers(0, 5));
        _topic.Commit(0, 6);
        var consumer = Start();

        var refusal = await Assert.ThrowsAsync<IngestException>(() => consumer.AssignAsync(0));

        Assert.Contains("committed offset 6", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("ends at 5", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--reset-offsets", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(_statistics.Partitions);
        _topic.Commit(0, 5);
        Assert.Equal(5, (await consumer.AssignAsync(0)).Committed);
    }

    [Fact]
    public async Task A_rewind_to_a_committed_offset_beyond_the_end_is_refused_and_can_be_tried_again()
    {
        await _topic.ProduceAsync(0, Numbers(0, 5));
        var consumer = Start();
        var assigned = await consumer.AssignAsync(0);
        _topic.Commit(0, 50);

        await Assert.ThrowsAsync<IngestException>(() => consumer.RewindAsync(assigned.Partition));

        _topic.Commit(0, 4);
        Assert.Equal((1, 4L), await consumer.RewindAsync(assigned.Partition));
    }

    [Fact]
    public async Task Records_that_retention_removed_before_they_were_read_are_told_as_lost()
    {
        await _topic.ProduceAsync(0, Numbers(0, 22));
        _topic.Commit(0, 2);
        await _topic.RemoveBelowAsync(0, 9);

        var assigned = await Start().AssignAsync(0);

        Assert.Equal(9, assigned.Committed);
        Assert.Equal(assigned.Committed, (await Reader(assigned).TakeAsync(1))[0].Offset);
        var line = Assert.Single(_log.Errors);
        Assert.Contains("offsets 2 to 9", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_partition_that_is_unassigned_ends_and_the_others_go_on()
    {
        var consumer = Start();
        var first = await consumer.AssignAsync(0);
        var second = await consumer.AssignAsync(1);
        Assert.Equal([0, 1], _statistics.Partitions.Select(status => status.Partition));

        consumer.Unassign(first);

        await EndAsync(first);
        await Until.TrueAsync(() => _statistics.Partitions is [{ Partition: 1 }]);
        await _topic.ProduceAsync(1, Numbers(0, 1));
        Assert.Equal("0", (await Reader(second).TakeAsync(1))[0].Text);
        await Assert.ThrowsAsync<KafkaException>(() => consumer.RewindAsync(first.Partition));
    }

    [Fact]
    public async Task Assigning_a_partition_again_ends_its_former_source_and_a_late_unassign_of_that_is_nothing()
    {
        await _topic.ProduceAsync(0, Numbers(0, 2));
        var consumer = Start();
        var former = await consumer.AssignAsync(0);

        var current = await consumer.AssignAsync(0);
        await EndAsync(former);
        consumer.Unassign(former);

        Assert.Equal(2, (await Reader(current).TakeAsync(2)).Count);
        Assert.Single(_statistics.Partitions);
    }

    [Fact]
    public async Task Stopping_ends_everything_and_nothing_is_committed_afterwards()
    {
        var consumer = Start();
        var assigned = await consumer.AssignAsync(0);

        await consumer.StopAsync().WaitAsync(Limit);

        await EndAsync(assigned);
        Assert.True(consumer.Completion.IsCompletedSuccessfully);
        await Assert.ThrowsAsync<KafkaException>(() => CommitAsync(consumer, assigned));
        await Assert.ThrowsAsync<KafkaException>(() => consumer.AssignAsync(1));
        await Assert.ThrowsAsync<KafkaException>(() => consumer.RewindAsync(assigned.Partition));
        Assert.Empty(_statistics.Partitions);
        Assert.Null(_topic.Committed(0));
    }

    [Fact]
    public async Task The_ends_of_partitions_are_told_for_people()
    {
        await _topic.ProduceAsync(0, Numbers(0, 9));

        await Reader(await Start().AssignAsync(0)).TakeAsync(9);

        await Until.TrueAsync(() => _statistics.Partitions is [{ End: 9 }]);
        Assert.Equal(9, _statistics.Lag);
    }

    [Fact]
    public async Task A_broker_that_is_away_is_an_error_of_the_question_and_not_the_end_of_the_consumer()
    {
        string address;
        using (var broker = EmbeddedBroker.Start())
            address = broker.BootstrapServers;
        var consumer = KafkaConsumer.Start(
            _topic.Settings with { BootstrapServers = address }, EventTopic.Stream, _statistics, _log);
        _consumers.Add(consumer);

        await Assert.ThrowsAsync<KafkaException>(() => consumer.AssignAsync(0));

        Assert.False(consumer.Completion.IsCompleted);
        Assert.Empty(_statistics.Partitions);
    }

    private static IEnumerable<byte[]> Numbers(int first, int count) => Enumerable.Range(first, count)
        .Select(number => Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)));

    private static void AssertOneByOne(IReadOnlyList<Record> records, int epoch)
    {
        Assert.Equal(Enumerable.Range(0, records.Count).Select(offset => (long)offset), records.Select(it => it.Offset));
        Assert.All(records, record => Assert.Equal(epoch, record.Epoch));
    }

    private static async Task CommitAsync(KafkaConsumer consumer, AssignedPartition assigned) =>
        await consumer.CommitAsync(assigned.Partition, 1);

    private KafkaConsumer Start()
    {
        var consumer = KafkaConsumer.Start(_topic.Settings, EventTopic.Stream, _statistics, _log);
        _consumers.Add(consumer);
        return consumer;
    }

    private BatchReader Reader(AssignedPartition assigned) => new(assigned, _system);

    private async Task EndAsync(AssignedPartition assigned) =>
        await assigned.Batches.RunWith(Sink.Ignore<RecordBatch>(), _system.Materializer()).WaitAsync(Limit);

    private sealed record Record(int Epoch, long Offset, long Time, byte[] Key, byte[] Value)
    {
        public string Text => Encoding.UTF8.GetString(Value);
    }

    /// <summary>Reads a partition's batches, no more of them than it is asked for.</summary>
    private sealed class BatchReader(AssignedPartition assigned, ActorSystem system)
    {
        private readonly ISinkQueue<RecordBatch> _batches =
            assigned.Batches.RunWith(Sink.Queue<RecordBatch>(), system.Materializer());

        public Task<List<Record>> TakeAsync(int count) => TakeAsync(_ => true, count);

        public async Task<List<Record>> TakeAsync(Func<Record, bool> isWanted, int count)
        {
            var taken = new List<Record>();
            while (taken.Count < count)
            {
                var next = await _batches.PullAsync().WaitAsync(Limit);
                Assert.True(next.HasValue, $"The source ended after {taken.Count} of {count} records.");
                using var batch = next.Value;
                taken.AddRange(RecordsOf(batch).Where(isWanted));
            }

            return taken;
        }

        private static IEnumerable<Record> RecordsOf(RecordBatch batch) => Enumerable.Range(0, batch.Count)
            .Select(index => new Record(
                batch.Epoch,
                batch.Offset(index),
                batch.UnixMilliseconds(index),
                batch.Key(index).ToArray(),
                batch.Value(index).ToArray()));
    }

    private sealed class ErrorLog : ILogger
    {
        public ConcurrentQueue<string> Errors { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Error)
                Errors.Enqueue(formatter(state, exception));
        }
    }
}
