using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pulse.Actors.Broker;
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
    private int _partitions;

    private TestStream(KafkaSettings settings, int partitions = Partitions)
    {
        _settings = settings;
        _partitions = partitions;
    }

    public string Topic => _settings.Topic;

    public string DeadLetterTopic => _settings.DeadLetterTopic;

    public string GroupId => _settings.GroupId;

    public string BootstrapServers => _settings.BootstrapServers;

    /// <summary>The numbers of the topic's partitions.</summary>
    public IEnumerable<int> PartitionNumbers => Enumerable.Range(0, _partitions);

    /// <summary>Creates the topics on the assembly's broker.</summary>
    public static async Task<TestStream> CreateAsync(KafkaFixture kafka, int partitions = Partitions) =>
        new(await kafka.CreateStreamAsync(partitions), partitions);

    /// <summary>Creates the topics on a cluster of the test's own.</summary>
    public static Task<TestStream> CreateAsync(KafkaCluster cluster) => CreateAsync(cluster, Partitions);

    /// <summary>The same with a topic of events of so many partitions, and with settings of its own.</summary>
    public static async Task<TestStream> CreateAsync(
        KafkaCluster cluster, int partitions, params (string Name, string Value)[] settings) =>
        new(await KafkaFixture.CreateStreamAsync(cluster.BootstrapServers, partitions, settings), partitions);

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
        using var administration = Administration();
        await Eventually.HoldsAsync(what, Limit, () => Task.Run(() =>
            administration.GetMetadata(Topic, Limit).Topics.Single() is { Partitions.Count: > 0 } topic && holds(topic)));
    }

    /// <summary>What a node is configured with that reads this stream and stores in its data directory.</summary>
    public Dictionary<string, string> Environment() => KafkaFixture.Environment(_settings);

    /// <summary>The configuration of a node that reads this stream and stores in Postgres.</summary>
    /// <param name="postgres">The database.</param>
    /// <param name="checkpointInterval">Null for what the node takes by itself.</param>
    public Dictionary<string, string> Environment(string postgres, TimeSpan? checkpointInterval)
    {
        var environment = Environment();
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
            "--bootstrap-servers", BootstrapServers, "--topic", Topic, "--completion-topic", _settings.CompletionTopic,
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
            BootstrapServers = BootstrapServers, Topic = Topic, Events = events, Rate = 10_000, Seed = 7, Complete = false,
        }).RunAsync(CancellationToken.None);
        Assert.Null(result.Failure);
    }

    /// <summary>Produces events to one partition alone.</summary>
    public async Task ProduceAsync(int partition, int events)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(
            new ProducerConfig { BootstrapServers = BootstrapServers }).SetLogHandler((_, _) => { }).Build();
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
        await SetAsync("message.timestamp.after.max.ms", Text(long.MaxValue));
        using var producer = new ProducerBuilder<Null, string>(
            new ProducerConfig { BootstrapServers = BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        await Task.WhenAll(records.Select(record => producer.ProduceAsync(Topic, new Message<Null, string>
        {
            Value = record.Value,
            Timestamp = new Timestamp(record.UnixMilliseconds, TimestampType.CreateTime),
        }))).WaitAsync(Limit);
    }

    /// <summary>Produces records to the topic of events, to one partition where it is given; each is confirmed.</summary>
    public async Task WriteAsync(
        IEnumerable<Message<byte[], byte[]>> records, ProducerConfig? settings = null, int? partition = null)
    {
        using var producer = Producer(settings);
        var to = new TopicPartition(Topic, partition ?? Partition.Any);
        await Task.WhenAll(records.Select(record => producer.ProduceAsync(to, record))).WaitAsync(Limit);
    }

    /// <summary>Produces the record that says that the stream is complete.</summary>
    public async Task CompleteAsync()
    {
        var result = await new SimulatorRun(new SimulatorOptions
        {
            BootstrapServers = BootstrapServers, Topic = Topic, CompletionTopic = _settings.CompletionTopic, Events = 0,
        }).RunAsync(CancellationToken.None);
        Assert.Null(result.Failure);
    }

    /// <summary>Produces such a record with a time of another spelling, as another producer does.</summary>
    public async Task CompleteAsync(string timestamp)
    {
        using var producer = new ProducerBuilder<Null, string>(
            new ProducerConfig { BootstrapServers = BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        await producer.ProduceAsync(_settings.CompletionTopic, new Message<Null, string>
        {
            Value = $$"""{"status":"complete","timestamp":"{{timestamp}}"}""",
        }).WaitAsync(Limit);
    }

    /// <summary>Moves the group's offsets, as kafka-consumer-groups --reset-offsets does.</summary>
    /// <param name="where">To which offset of a partition, by its number and what is in it.</param>
    public async Task MoveOffsetsAsync(Func<int, WatermarkOffsets, Offset> where)
    {
        using var administration = Administration();
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
        using var administration = Administration();
        await administration.DeleteRecordsAsync([new TopicPartitionOffset(Topic, partition, below)]);
    }

    /// <summary>Sets a setting of the topic of events.</summary>
    public async Task SetAsync(string name, string value)
    {
        using var administration = Administration();
        await administration.IncrementalAlterConfigsAsync(new()
        {
            [new ConfigResource { Type = ResourceType.Topic, Name = Topic }] =
                [new ConfigEntry { Name = name, Value = value, IncrementalOperation = AlterConfigOpType.Set }],
        });
    }

    /// <summary>Adds partitions to the topic of events.</summary>
    public async Task AddPartitionsAsync(int total)
    {
        using var administration = Administration();
        await administration.CreatePartitionsAsync([new PartitionsSpecification { Topic = Topic, IncreaseTo = total }]);
        _partitions = total;
        await UntilAsync($"{total} partitions have leaders", topic =>
            topic.Partitions.Count == total && topic.Partitions.TrueForAll(partition => partition.Leader > 0));
    }

    /// <summary>The offsets of every partition's ends, whatever a reader may see of it.</summary>
    public async Task<IReadOnlyDictionary<int, long>> EndsAsync()
    {
        using var administration = Administration();
        var ends = await administration.ListOffsetsAsync(PartitionNumbers.Select(number => new TopicPartitionOffsetSpec
        {
            TopicPartition = new TopicPartition(Topic, number), OffsetSpec = OffsetSpec.Latest(),
        }));
        return ends.ResultInfos.ToDictionary(
            end => end.TopicPartitionOffsetError.Partition.Value, end => end.TopicPartitionOffsetError.Offset.Value);
    }

    /// <summary>A client for questions to the brokers.</summary>
    public IAdminClient Administration() => KafkaFixture.Administration(BootstrapServers);

    /// <summary>A producer to them, which is patient and says nothing on the console.</summary>
    /// <param name="settings">Its settings beside the address.</param>
    public IProducer<byte[], byte[]> Producer(ProducerConfig? settings = null) =>
        new ProducerBuilder<byte[], byte[]>(new ProducerConfig(settings ?? new ProducerConfig()) { BootstrapServers = BootstrapServers })
            .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();

    /// <summary>Deletes the group with its offsets, as an expiry does.</summary>
    public async Task DeleteGroupAsync()
    {
        using var administration = Administration();
        await administration.DeleteGroupsAsync([GroupId]);
    }

    /// <summary>The same with the group in which the coordinator keeps the completions' offsets.</summary>
    public async Task DeleteCompletionGroupAsync()
    {
        using var administration = KafkaFixture.Administration(_settings.BootstrapServers);
        await administration.DeleteGroupsAsync([$"{GroupId}-completion"]);
    }

    /// <summary>What the tables must hold after everything that is in the topic now.</summary>
    public IndependentReader Judge(TimeSpan? allowedLateness = null) => IndependentReader.Read(BootstrapServers, Topic, allowedLateness);

    /// <summary>The sum of the offsets that the group has committed: how many records are done with.</summary>
    public long Committed()
    {
        using var consumer = Consumer(GroupId);
        var partitions = Enumerable.Range(0, _partitions).Select(number => new TopicPartition(Topic, number));
        return consumer.Committed(partitions, Limit).Sum(each => each.Offset.IsSpecial ? 0 : each.Offset.Value);
    }

    /// <summary>Deletes the dead-letter topic.</summary>
    public async Task DeleteDeadLetterTopicAsync()
    {
        using var administration = Administration();
        await administration.DeleteTopicsAsync([DeadLetterTopic]);
    }

    /// <summary>Sets how large a record may be for the dead-letter topic to take it.</summary>
    public async Task LimitDeadLettersAsync(int bytes)
    {
        using var administration = Administration();
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

    /// <summary>All records that a topic has.</summary>
    public List<ConsumeResult<byte[], byte[]>> ReadAll(string topic, int partitions)
    {
        using var consumer = Consumer($"reader-{Guid.NewGuid():N}");
        var assigned = Enumerable.Range(0, partitions).Select(number => new TopicPartition(topic, number)).ToList();
        consumer.Assign(assigned.Select(partition => new TopicPartitionOffset(partition, Offset.Beginning)));
        var records = new List<ConsumeResult<byte[], byte[]>>();
        for (var open = assigned.Count; open > 0;)
        {
            var record = consumer.Consume(Limit) ?? throw new TimeoutException($"'{topic}' has no end.");
            if (record.IsPartitionEOF)
                open--;
            else
                records.Add(record);
        }

        return records;
    }

    /// <summary>All records of the event topic.</summary>
    public List<ConsumeResult<byte[], byte[]>> ReadEvents() => ReadAll(Topic, _partitions);

    /// <summary>A consumer of a group.</summary>
    public IConsumer<byte[], byte[]> Consumer(string group) => new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
    {
        BootstrapServers = BootstrapServers,
        GroupId = group,
        EnableAutoCommit = false,
        EnablePartitionEof = true,
    }).SetLogHandler((_, _) => { }).Build();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
