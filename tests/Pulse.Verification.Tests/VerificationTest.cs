using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Pulse.Actors.Broker;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Events;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Verification.Tests;

/// <summary>A topic on a real Kafka, and a database of either kind that production code fills from it.</summary>
public abstract class VerificationTest(StorageKind kind, KafkaFixture kafka, PostgresFixture postgres) : IAsyncLifetime
{
    /// <summary>The partitions of the topic.</summary>
    protected const int Partitions = 3;

    /// <summary>The first window's end in which events lie.</summary>
    protected static readonly DateTime FirstWindow = new(2026, 1, 1, 12, 5, 0, DateTimeKind.Utc);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>The rollups: the built-in ones, and one of optional fields.</summary>
    protected static RollupCatalog Catalog { get; } = Declare();

    /// <summary>The database.</summary>
    protected private TestStorage Storage { get; private set; } = null!;

    /// <summary>A node's storage in it.</summary>
    protected private NodeStorage Node { get; set; } = null!;

    /// <summary>The topic.</summary>
    protected private KafkaSettings Topic { get; set; } = null!;

    /// <summary>Where Kafka is.</summary>
    protected KafkaFixture Kafka => kafka;

    /// <summary>The rules by which everything is counted.</summary>
    protected static CountingRules Rules { get; } = CountingRules.Default with { AllowedLateness = TimeSpan.FromHours(1) };

    /// <inheritdoc />
    public virtual async ValueTask InitializeAsync()
    {
        Storage = await TestStorage.CreateAsync(kind, postgres);
        Topic = await kafka.CreateStreamAsync(Partitions);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (Storage is not null)
            await Storage.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Prepares the database as a node does.</summary>
    protected async Task PrepareAsync()
    {
        Node = Storage.Open(Catalog);
        await Node.PrepareAsync(Rules, CancellationToken.None);
    }

    /// <summary>Produces events of several keys and windows, some late, ahead or bad, and counts them as a node does.</summary>
    protected async Task CountAsync(int events = 300)
    {
        await ProduceAsync(Records(events));
        await PrepareAsync();
        await Counter().CountAsync(Topic);
    }

    /// <summary>The production's way from the topic to the database.</summary>
    protected private ProductionCounter Counter() => new(Node, Catalog, Rules);

    /// <summary>Events of several keys and windows, every seventh of another kind.</summary>
    protected static IEnumerable<(byte[]? Value, long Time)> Records(int count, int first = 0) => Enumerable.Range(first, count).Select(Record);

    private static (byte[]? Value, long Time) Record(int number)
    {
        var time = FirstWindow.AddMinutes(-5 + (number % 20)).AddSeconds(number % 60);
        var sample = new SampleEvent()
            .WithText("Genre", $"genre {number % 5}")
            .WithText("UserLocation", $"country {number % 11}")
            .With("UserAge", $"{number % 90}")
            .WithText("EventTimestamp", time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        var recordTime = new DateTimeOffset(time).ToUnixTimeMilliseconds() + 1_000;
        return (number % 7) switch
        {
            0 when number % 2 == 0 => (Bytes(sample.Without("ContentName").With("Language", "7")), recordTime),
            0 => (Bytes(sample.Without("Genre")), recordTime),
            1 when number % 2 == 0 => (Bytes(sample), recordTime + (3 * 3_600_000)),
            1 => (Bytes(sample), recordTime - 301_001),
            2 when number % 4 == 0 => (null, recordTime),
            _ => (Bytes(sample), recordTime),
        };
    }

    /// <summary>Produces records, round and round the partitions.</summary>
    protected Task ProduceAsync(IEnumerable<(byte[]? Value, long Time)> records) =>
        ProduceAsync(records.Select((record, index) => (index % Partitions, record.Value, record.Time)));

    /// <summary>Produces records to partitions.</summary>
    protected async Task ProduceAsync(IEnumerable<(int Partition, byte[]? Value, long Time)> records)
    {
        using var producer = new ProducerBuilder<byte[], byte[]?>(new ProducerConfig
        {
            BootstrapServers = Topic.BootstrapServers, EnableIdempotence = true, LingerMs = 1,
        }).SetLogHandler((_, _) => { }).SetValueSerializer(Serializers.ByteArray!).Build();
        var deliveries = records.Select(record => producer.ProduceAsync(
            new TopicPartition(Topic.Topic, record.Partition),
            new Message<byte[], byte[]?> { Key = [7], Value = record.Value, Timestamp = new Timestamp(record.Time, TimestampType.CreateTime) }));
        await Task.WhenAll(deliveries.ToList()).WaitAsync(Limit);
    }

    /// <summary>Verifies.</summary>
    protected Task<VerificationReport> VerifyAsync(
        string? rollup = null, DateTime? from = null, DateTime? before = null, IReadOnlyList<string>? expected = null) =>
        Verifier.RunAsync(
            new VerificationRequest(
                new LogAddress(Topic.ClientProperties(), Topic.Topic, Topic.GroupId, Topic.StreamIdentity),
                new DatabaseAddress(kind == StorageKind.Postgres, Storage.Options.ConnectionString))
            {
                Expected = expected ?? [], Rollup = rollup, From = Milliseconds(from), Before = Milliseconds(before),
            },
            null,
            CancellationToken.None);

    /// <summary>Changes the database past all code of Pulse.</summary>
    protected async Task ChangeAsync(string sql) => await Storage.QueryAsync(sql);

    /// <summary>The one value that a question has for an answer.</summary>
    protected async Task<string> AskAsync(string sql) => Assert.Single(await Storage.QueryAsync(sql));

    private static byte[] Bytes(SampleEvent sample) => Encoding.UTF8.GetBytes(sample.ToString());

    private static long? Milliseconds(DateTime? time) => time is { } utc ? (long)(utc - DateTime.UnixEpoch).TotalMilliseconds : null;

    private static RollupCatalog Declare()
    {
        Assert.Empty(RollupCatalog.TryCreate(
            [new RollupDeclaration { Name = "viewsByTitle", Dimensions = ["content_name", "language", "release_decade", "gender"], Buckets = 3 }],
            out var catalog));
        return catalog;
    }
}
