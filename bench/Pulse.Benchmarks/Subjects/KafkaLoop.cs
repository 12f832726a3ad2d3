using Confluent.Kafka;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Benchmarks.Subjects;

/// <summary>
/// The references: a tuned Confluent.Kafka loop on one thread that touches each payload where the client has it, without
/// copying it; and the same with Pulse's decoder and dense counters.
/// </summary>
internal sealed class KafkaLoop : ISubject
{
    private readonly SubjectSettings _settings;
    private readonly Visitor _visitor;
    private readonly Thread _thread;
    private long _consumed;
    private volatile bool _ending;

    public KafkaLoop(SubjectSettings settings)
    {
        _settings = settings;
        _visitor = settings.Kind == SubjectKind.Hand ? new CountingVisitor() : new Visitor();
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public SubjectReport Report() => new() { Consumed = Volatile.Read(ref _consumed) };

    public void Checkpoint()
    {
    }

    public Task<Dictionary<string, long>> EndAsync()
    {
        _ending = true;
        _thread.Join();
        return Task.FromResult(_visitor.Totals);
    }

    private void Run()
    {
        using var consumer = new ConsumerBuilder<Ignore, int>(new ConsumerConfig
        {
            BootstrapServers = _settings.BootstrapServers,
            GroupId = _settings.Group,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            FetchQueueBackoffMs = 5,
            QueuedMaxMessagesKbytes = 65_536,
            FetchWaitMaxMs = 50,
            ConsumeResultFields = "none",
        }).SetValueDeserializer(_visitor).Build();
        consumer.Assign(Enumerable.Range(0, _settings.Partitions).Select(partition =>
            new TopicPartitionOffset(_settings.Topic, partition, Offset.Stored)));
        var consumed = 0L;
        while (!_ending)
        {
            if (consumer.Consume(TimeSpan.FromMilliseconds(50)) is not null)
                Volatile.Write(ref _consumed, ++consumed);
        }

        consumer.Close();
    }

    private class Visitor : IDeserializer<int>
    {
        private const int CacheLine = 64;

        public virtual Dictionary<string, long> Totals => [];

        public virtual int Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
        {
            var sum = 0;
            for (var index = 0; index < data.Length; index += CacheLine)
                sum += data[index];
            return sum;
        }
    }

    private sealed class CountingVisitor : Visitor
    {
        private readonly EventDecoder _decoder = new(Dimension.Of(RollupCatalog.BuiltIn), CountingRules.Default.MaximumSkew);

        private readonly int[] _ids = new int[6];
        private readonly DenseCounters _counters = new();

        public override Dictionary<string, long> Totals => _counters.Totals;

        public override int Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
        {
            if (_decoder.Decode(data, EventDecoder.NoRecordTimestamp, _ids, out var time).IsBad)
                return 0;
            _counters.Count(_ids, time);
            return 1;
        }
    }
}
