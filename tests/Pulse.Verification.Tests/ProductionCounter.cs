using Confluent.Kafka;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Verification.Tests;

/// <summary>
/// Counts a topic into a database by the code that nodes run: its decoder, its session of each partition, its statement. Only what
/// lies between them is the test's: so it can withhold a record, misread one, and leave buckets behind.
/// </summary>
internal sealed class ProductionCounter(NodeStorage storage, RollupCatalog catalog, CountingRules rules)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>What the decoder is given of a record; null where it never sees it.</summary>
    public Func<ConsumeResult<Ignore, byte[]>, byte[]?> Read { get; init; } = record => record.Message.Value ?? [];

    /// <summary>Whether a delta reaches its bucket; after one that does not, those of the same partition do not follow on.</summary>
    public Func<BucketId, bool> Delivers { get; init; } = _ => true;

    /// <summary>After how many records each session speaks.</summary>
    public int RecordsPerDelta { get; init; } = 40;

    /// <summary>Counts everything from where the buckets stand to the end of the topic.</summary>
    public async Task CountAsync(KafkaSettings topic)
    {
        var stream = topic.StreamIdentity ?? await StreamOfAsync(topic);
        var versions = catalog.Counted.Select(rollup => new VersionDeclaration(rollup, rules).Counted).ToList();
        var rows = await storage.Checkpoints.TakeOverAsync(
            [.. versions.SelectMany(version => Enumerable.Range(0, version.Buckets).Select(version.Bucket))], CancellationToken.None);
        var buckets = rows.ToDictionary(row => row.Key, row => new Content(BucketPositions.Parse(row.Value.Positions)));
        foreach (var (partition, records) in ReadAll(topic))
            Count(new StreamPartition(stream, partition), versions, records, buckets);

        var outcomes = await storage.Checkpoints.StoreAsync(
            [.. buckets.Select(bucket => bucket.Value.Statement(bucket.Key, rows[bucket.Key].Checkpoint))], null, CancellationToken.None);
        Assert.All(outcomes, outcome => Assert.Equal(StatementResult.Stored, outcome.Result));
    }

    private static async Task<string> StreamOfAsync(KafkaSettings topic)
    {
        using var questions = new TopicQuestions(topic, Limit);
        return (await questions.DescribeAsync(TestContext.Current.CancellationToken)).Stream;
    }

    private void Count(
        StreamPartition partition, List<CountedVersion> versions, List<ConsumeResult<Ignore, byte[]>> records, Dictionary<BucketId, Content> buckets)
    {
        var session = new IngestSession(partition, versions, incarnation: 1, SessionLimits.Default);
        var counter = new EventCounter(catalog, rules, session);
        session.Start();
        foreach (var ask in session.TakeEffects().OfType<SessionEffect.AskPosition>())
        {
            var at = buckets[ask.Bucket].Positions[partition];
            session.Answered(new BucketAnswer(ask.Bucket, partition, ask.Session, AnswerKind.Position, at, at));
        }

        var seek = session.TakeEffects().OfType<SessionEffect.Seek>().Single();
        foreach (var some in records.Where(record => record.Offset >= seek.Position.Offset).Chunk(RecordsPerDelta))
        {
            using var batch = new RecordBatch(seek.Reading, session.Position.Offset);
            foreach (var record in some)
            {
                if (Read(record) is { } value)
                    batch.Add(record.Offset, 0, record.Message.Timestamp.UnixTimestampMs, [], value);
                batch.ReachedEnd(record.Offset + 1);
            }

            Assert.True(counter.Count(batch, []));
            session.Tick();
            foreach (var effect in session.TakeEffects())
                Deliver(effect, buckets);
        }
    }

    private void Deliver(SessionEffect effect, Dictionary<BucketId, Content> buckets)
    {
        if (effect is SessionEffect.SendDelta delta && Delivers(delta.Bucket))
            buckets[delta.Bucket].Apply(delta.Delta);
        else if (effect is SessionEffect.SendEmptyDelta empty && Delivers(empty.Bucket))
            buckets[empty.Bucket].Move(empty.Delta.Partition, empty.Delta.From, empty.Delta.To);
    }

    private static SortedDictionary<int, List<ConsumeResult<Ignore, byte[]>>> ReadAll(KafkaSettings topic)
    {
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig(topic.ClientProperties())
        {
            GroupId = topic.GroupId, EnableAutoCommit = false, EnablePartitionEof = true, IsolationLevel = IsolationLevel.ReadCommitted,
        }).SetLogHandler((_, _) => { }).Build();
        using var client = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = client.GetMetadata(topic.Topic, Limit).Topics.Single().Partitions.Select(each => each.PartitionId).ToHashSet();
        Assert.NotEmpty(partitions);
        consumer.Assign(partitions.Select(number => new TopicPartitionOffset(topic.Topic, number, Offset.Beginning)));
        var records = new SortedDictionary<int, List<ConsumeResult<Ignore, byte[]>>>();
        foreach (var partition in partitions)
            records.Add(partition, []);
        while (partitions.Count > 0)
        {
            var record = consumer.Consume(Limit) ?? throw new TimeoutException($"'{topic.Topic}' has no end.");
            if (record.IsPartitionEOF)
                partitions.Remove(record.Partition.Value);
            else
                records[record.Partition.Value].Add(record);
        }

        return records;
    }

    /// <summary>What reached a bucket since its row.</summary>
    private sealed class Content(BucketPositions positions)
    {
        private readonly Dictionary<(RollupKey Key, Window Window), long> _counts = [];
        private readonly List<Gap> _gaps = [];
        private Balance _balance;

        public BucketPositions Positions => positions;

        public void Apply(Delta delta)
        {
            if (!Move(delta.Partition, delta.From, delta.To))
                return;
            _balance += delta.Balance;
            _gaps.AddRange(delta.Gaps);
            foreach (var count in delta.Counts)
                _counts[(count.Key, count.Window)] = _counts.GetValueOrDefault((count.Key, count.Window)) + count.Count;
        }

        public bool Move(StreamPartition partition, LogPosition from, LogPosition to)
        {
            if (positions[partition].Offset != from.Offset)
                return false;
            positions.Set(partition, to);
            return true;
        }

        public CheckpointStatement Statement(BucketId bucket, CheckpointId previous) => new(
            bucket,
            previous,
            new CheckpointId(Guid.NewGuid()),
            positions.ToString(),
            _balance,
            [.. _counts.Select(cell => new KeyCount(cell.Key.Key, cell.Key.Window, cell.Value))],
            _gaps);
    }
}
