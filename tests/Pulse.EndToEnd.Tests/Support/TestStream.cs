using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest;
using Pulse.Simulator;
using Pulse.Simulator.Broker;
using Pulse.Simulator.Generation;
using Pulse.Simulator.Producing;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>Topics and a consumer group of one test's own, on a broker that outlives the processes under test.</summary>
internal sealed class TestStream
{
    public const int Partitions = 16;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly KafkaSettings _settings;
    private readonly int _partitions;

    private TestStream(KafkaSettings settings, int partitions = Partitions)
    {
        _settings = settings;
        _partitions = partitions;
    }

    public string Topic => _settings.Topic;

    public string DeadLetterTopic => _settings.DeadLetterTopic;

    public string GroupId => _settings.GroupId;

    /// <summary>Creates the topics on the assembly's broker.</summary>
    public static async Task<TestStream> CreateAsync(KafkaFixture kafka, int partitions = Partitions) =>
        new(await kafka.CreateStreamAsync(partitions), partitions);

    /// <summary>Creates the topics on a cluster of the test's own.</summary>
    public static async Task<TestStream> CreateAsync(KafkaCluster cluster) =>
        new(await KafkaFixture.CreateStreamAsync(cluster.BootstrapServers, Partitions));

    /// <summary>The same with a partition of events for each list of brokers, which have its replicas.</summary>
    public static async Task<TestStream> CreateAsync(KafkaCluster cluster, params int[][] replicas)
    {
        var settings = await KafkaFixture.CreateStreamAsync(cluster.BootstrapServers, 1);
        settings = settings with { Topic = $"{settings.Topic}-placed" };
        await KafkaFixture.CreateTopicAsync(cluster.BootstrapServers, new TopicSpecification
        {
            Name = settings.Topic,
            NumPartitions = replicas.Length,
            ReplicasAssignments = replicas.Index().ToDictionary(each => each.Index, each => each.Item.ToList()),
        });
        return new TestStream(settings, replicas.Length);
    }

    /// <summary>Creates the topics on a broker that is embedded in this process.</summary>
    public static TestStream Create(EmbeddedBroker broker)
    {
        var settings = new KafkaSettings(broker.BootstrapServers);
        broker.CreateTopic(settings.Topic, Partitions);
        broker.CreateTopic(settings.CompletionTopic, 1);
        broker.CreateTopic(settings.DeadLetterTopic, 1);
        return new TestStream(settings);
    }

    /// <summary>Waits until the brokers say of the topic of events what is expected.</summary>
    public async Task UntilAsync(string what, Func<TopicMetadata, bool> holds)
    {
        using var administration = KafkaFixture.Administration(_settings.BootstrapServers);
        await Eventually.HoldsAsync(what, Limit, () => Task.Run(() =>
            administration.GetMetadata(Topic, Limit).Topics.Single() is { Partitions.Count: > 0 } topic && holds(topic)));
    }

    /// <summary>The configuration of a node that reads this stream and stores in Postgres.</summary>
    /// <param name="postgres">The database.</param>
    /// <param name="checkpointInterval">Null for what the node takes by itself.</param>
    public Dictionary<string, string> Environment(string postgres, TimeSpan? checkpointInterval)
    {
        var environment = KafkaFixture.Environment(_settings);
        environment["Pulse__Storage__ConnectionString"] = postgres;
        if (checkpointInterval is { } interval)
            environment["Pulse__CheckpointInterval"] = interval.ToString("c", CultureInfo.InvariantCulture);
        return environment;
    }

    /// <summary>The same for a node of a cluster.</summary>
    /// <param name="postgres">The database.</param>
    /// <param name="checkpointInterval">Null for what the node takes by itself.</param>
    /// <param name="ports">The ports of the cluster's nodes; the first two are the seeds.</param>
    /// <param name="number">Which of them this node has.</param>
    public Dictionary<string, string> Environment(string postgres, TimeSpan? checkpointInterval, int[] ports, int number)
    {
        var environment = Environment(postgres, checkpointInterval);
        environment["Pulse__Cluster__Port"] = Text(ports[number]);
        foreach (var (seed, port) in ports.Take(2).Index())
            environment[$"Pulse__Cluster__SeedNodes__{Text(seed)}"] = $"127.0.0.1:{Text(port)}";
        environment["Pulse__Cluster__SeedNodeTimeout"] = "00:00:02";
        return environment;
    }

    /// <summary>Starts the producer on this stream.</summary>
    public PulseProcess Produce(TestDirectory directory, string truth, params string[] arguments) =>
        PulseProcess.Simulator(directory,
        [
            "--bootstrap-servers", _settings.BootstrapServers, "--topic", Topic, "--completion-topic", _settings.CompletionTopic,
            "--truth", truth, .. arguments,
        ]);

    /// <summary>Starts the producer of records of all kinds, which goes on until it is asked to stop: some are bad, some are late, none are in order.</summary>
    public PulseProcess Produce(TestDirectory directory, int rate) => Produce(
        directory, directory["truth.json"], "--duration", "20m", "--rate", Text(rate), "--seed", "7", "--bad", "0.01",
        "--late", "0.05", "--out-of-order", "2m");

    /// <summary>Produces events from this process; the stream is not complete then.</summary>
    public async Task ProduceAsync(int events)
    {
        var result = await new SimulatorRun(new SimulatorOptions
        {
            BootstrapServers = _settings.BootstrapServers, Topic = Topic, Events = events, Rate = 10_000, Seed = 7, Complete = false,
        }).RunAsync(CancellationToken.None);
        Assert.Null(result.Failure);
    }

    /// <summary>Produces events to one partition alone.</summary>
    public async Task ProduceAsync(int partition, int events)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(
            new ProducerConfig { BootstrapServers = _settings.BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        var generator = new EventGenerator(new SimulatorOptions { Events = events, Rate = 0 }, DateTimeOffset.UtcNow);
        for (var number = 0; number < events; number++)
        {
            generator.Next();
            await producer.ProduceAsync(
                new TopicPartition(Topic, partition),
                new Message<byte[], byte[]> { Key = generator.Key, Value = generator.Value.ToArray() }).WaitAsync(Limit);
        }
    }

    /// <summary>Produces records of any Kafka timestamp, which a topic takes by a setting of its own only.</summary>
    public async Task ProduceAsync(IEnumerable<(string Value, long UnixMilliseconds)> records)
    {
        using var administration = KafkaFixture.Administration(_settings.BootstrapServers);
        await administration.IncrementalAlterConfigsAsync(new()
        {
            [new ConfigResource { Type = ResourceType.Topic, Name = Topic }] =
            [
                new ConfigEntry
                {
                    Name = "message.timestamp.after.max.ms",
                    Value = Text(long.MaxValue),
                    IncrementalOperation = AlterConfigOpType.Set,
                },
            ],
        });
        using var producer = new ProducerBuilder<Null, string>(
            new ProducerConfig { BootstrapServers = _settings.BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        await Task.WhenAll(records.Select(record => producer.ProduceAsync(Topic, new Message<Null, string>
        {
            Value = record.Value,
            Timestamp = new Timestamp(record.UnixMilliseconds, TimestampType.CreateTime),
        }))).WaitAsync(Limit);
    }

    /// <summary>Produces the record that says that the stream is complete.</summary>
    public async Task CompleteAsync()
    {
        var result = await new SimulatorRun(new SimulatorOptions
        {
            BootstrapServers = _settings.BootstrapServers, Topic = Topic, CompletionTopic = _settings.CompletionTopic, Events = 0,
        }).RunAsync(CancellationToken.None);
        Assert.Null(result.Failure);
    }

    /// <summary>Moves the group's offsets, as kafka-consumer-groups --reset-offsets does.</summary>
    /// <param name="where">To which offset of a partition, by its number and what is in it.</param>
    public async Task MoveOffsetsAsync(Func<int, WatermarkOffsets, Offset> where)
    {
        using var administration = KafkaFixture.Administration(_settings.BootstrapServers);
        using var consumer = Consumer(GroupId);
        var ends = Enumerable.Range(0, _partitions).Select(number => new TopicPartition(Topic, number))
            .Select(partition => new TopicPartitionOffset(
                partition, where(partition.Partition.Value, consumer.QueryWatermarkOffsets(partition, Limit)))).ToList();
        await administration.AlterConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitionOffsets(GroupId, ends)]);
    }

    /// <summary>The offset that the next record of a partition will have.</summary>
    public long End(int partition)
    {
        using var consumer = Consumer(GroupId);
        return consumer.QueryWatermarkOffsets(new TopicPartition(Topic, partition), Limit).High.Value;
    }

    /// <summary>The identity of the topic of events, as positions are stored by it.</summary>
    public async Task<string> IdentityAsync()
    {
        using var questions = new TopicQuestions(_settings);
        return (await questions.DescribeAsync(CancellationToken.None)).Stream;
    }

    /// <summary>Deletes the topic of events, and makes another one of its name.</summary>
    public Task MakeAgainAsync() =>
        KafkaFixture.MakeTopicAgainAsync(_settings.BootstrapServers, Topic, _partitions);

    /// <summary>Deletes the topic of completions, and makes another one of its name.</summary>
    public Task MakeCompletionsAgainAsync() =>
        KafkaFixture.MakeTopicAgainAsync(_settings.BootstrapServers, _settings.CompletionTopic, 1);

    /// <summary>The same stream, whose completions are in another topic from now on, which is made.</summary>
    public async Task<TestStream> WithOtherCompletionsAsync() => new(
        _settings with { CompletionTopic = await KafkaFixture.CreateTopicAsync(_settings.BootstrapServers, "completions", 1) }, _partitions);

    /// <summary>Topics of the same names on another cluster.</summary>
    public async Task<TestStream> OnAsync(KafkaCluster cluster)
    {
        foreach (var (topic, partitions) in ((string, int)[])[(Topic, _partitions), (_settings.CompletionTopic, 1), (DeadLetterTopic, 1)])
            await KafkaFixture.CreateTopicAsync(
                cluster.BootstrapServers, new TopicSpecification { Name = topic, NumPartitions = partitions });
        return new TestStream(_settings with { BootstrapServers = cluster.BootstrapServers }, _partitions);
    }

    /// <summary>Deletes the records of a partition below an offset, as retention does.</summary>
    public async Task DeleteRecordsAsync(int partition, long below)
    {
        using var administration = KafkaFixture.Administration(_settings.BootstrapServers);
        await administration.DeleteRecordsAsync([new TopicPartitionOffset(Topic, partition, below)]);
    }

    /// <summary>Deletes the group with its offsets, as an expiry does.</summary>
    public async Task DeleteGroupAsync()
    {
        using var administration = KafkaFixture.Administration(_settings.BootstrapServers);
        await administration.DeleteGroupsAsync([GroupId]);
    }

    /// <summary>The same with the group in which the coordinator keeps the completions' offsets.</summary>
    public async Task DeleteCompletionGroupAsync()
    {
        using var administration = KafkaFixture.Administration(_settings.BootstrapServers);
        await administration.DeleteGroupsAsync([$"{GroupId}-completion"]);
    }

    /// <summary>What the tables must hold after everything that is in the topic now.</summary>
    public IndependentReader Judge(TimeSpan? allowedLateness = null) => IndependentReader.Read(_settings.BootstrapServers, Topic, allowedLateness);

    /// <summary>The sum of the offsets that the group has committed: how many records are done with.</summary>
    public long Committed()
    {
        using var consumer = Consumer(GroupId);
        var partitions = Enumerable.Range(0, _partitions).Select(number => new TopicPartition(Topic, number));
        return consumer.Committed(partitions, Limit).Sum(each => each.Offset.IsSpecial ? 0 : each.Offset.Value);
    }

    /// <summary>How many completions the coordinator has taken note of: it commits their offsets then.</summary>
    public long CompletionsCommitted()
    {
        using var consumer = Consumer($"{GroupId}-completion");
        var offset = consumer.Committed([new TopicPartition(_settings.CompletionTopic, 0)], Limit).Single().Offset;
        return offset.IsSpecial ? 0 : offset.Value;
    }

    /// <summary>Deletes the dead-letter topic.</summary>
    public async Task DeleteDeadLetterTopicAsync()
    {
        using var administration = KafkaFixture.Administration(_settings.BootstrapServers);
        await administration.DeleteTopicsAsync([DeadLetterTopic]);
    }

    /// <summary>Sets how large a record may be for the dead-letter topic to take it.</summary>
    public async Task LimitDeadLettersAsync(int bytes)
    {
        using var administration = KafkaFixture.Administration(_settings.BootstrapServers);
        await administration.IncrementalAlterConfigsAsync(new()
        {
            [new ConfigResource { Type = ResourceType.Topic, Name = DeadLetterTopic }] =
            [
                new ConfigEntry
                {
                    Name = "max.message.bytes", Value = Text(bytes), IncrementalOperation = AlterConfigOpType.Set,
                },
            ],
        });
    }

    /// <summary>All records of a topic.</summary>
    public List<ConsumeResult<byte[], byte[]>> ReadAll(string topic, int partitions)
    {
        using var consumer = Consumer($"reader-{Guid.NewGuid():N}");
        var assigned = Enumerable.Range(0, partitions).Select(number => new TopicPartition(topic, number)).ToList();
        consumer.Assign(assigned.Select(partition => new TopicPartitionOffset(partition, Offset.Beginning)));
        var missing = assigned.Sum(partition => consumer.QueryWatermarkOffsets(partition, Limit).High.Value);
        var records = new List<ConsumeResult<byte[], byte[]>>();
        while (records.Count < missing)
            records.Add(consumer.Consume(Limit) ?? throw new TimeoutException($"'{topic}' does not hold {missing} records."));
        return records;
    }

    /// <summary>All records of the event topic.</summary>
    public List<ConsumeResult<byte[], byte[]>> ReadEvents() => ReadAll(Topic, _partitions);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private IConsumer<byte[], byte[]> Consumer(string group) => new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
    {
        BootstrapServers = _settings.BootstrapServers,
        GroupId = group,
        EnableAutoCommit = false,
    }).SetLogHandler((_, _) => { }).Build();
}
