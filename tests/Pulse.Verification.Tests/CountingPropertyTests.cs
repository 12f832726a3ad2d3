using System.Globalization;
using Confluent.Kafka;
using CsCheck;
using Pulse.Actors.Broker;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Events;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Simulator.Broker;
using Pulse.Testing;

namespace Pulse.Verification.Tests;

/// <summary>Whatever a log holds, what nodes make of it is what the judge makes of it.</summary>
public sealed class CountingPropertyTests(PostgresFixture postgres) : IDisposable
{
    private const int Partitions = 2;

    private static readonly Gen<long> RecordTimes = Gen.OneOf(
        Gen.Const(SampleEvent.RecordUnixMilliseconds),
        Gen.OneOf(-1L, -2L, 1L, 221_876_927_999_999, 221_876_928_000_000, SampleEvent.RecordUnixMilliseconds * 1000),
        Gen.Long[SampleEvent.RecordUnixMilliseconds - 500_000, SampleEvent.RecordUnixMilliseconds + 5_000_000]);

    private static readonly Gen<(byte[] Value, long Time)[]> Logs = Gen.Select(
        Gen.Frequency((3, RandomRecords.Usual), (2, RandomRecords.Objects), (1, RandomRecords.Damaged)), RecordTimes).Array[0, 150];

    private static readonly Gen<CountingRules> AllRules = Gen.Select(
        Gen.OneOf<TimeSpan?>(null!, TimeSpan.Zero, TimeSpan.FromMinutes(30)), Gen.OneOf(0, 1, 300_000, 86_400_000), Gen.OneOf(1, 60, 300, 86_400))
        .Select((lateness, skew, window) => new CountingRules
        {
            AllowedLateness = lateness, MaximumSkew = TimeSpan.FromMilliseconds(skew), WindowLength = TimeSpan.FromSeconds(window),
        });

    private readonly EmbeddedBroker _broker = EmbeddedBroker.Start();
    private int _logs;

    [Fact]
    public Task What_production_code_counts_of_any_log_passes() => Gen.Select(Logs, AllRules, Gen.Int[2, 60], Gen.Int[1, 20])
        .SampleAsync((log, rules, delivered, records) => PassesAsync(log, rules, delivered, records), iter: 40, threads: 1);

    public void Dispose() => _broker.Dispose();

    private async Task PassesAsync((byte[] Value, long Time)[] log, CountingRules rules, int delivered, int recordsPerDelta)
    {
        var topic = new KafkaSettings(_broker.BootstrapServers)
        {
            Topic = $"log-{(++_logs).ToString(CultureInfo.InvariantCulture)}", StreamIdentity = _broker.StreamIdentity, GroupId = "log",
        };
        _broker.CreateTopic(topic.Topic, Partitions);
        Produce(topic, log);
        await using var storage = await TestStorage.CreateAsync(StorageKind.Sqlite, postgres);
        Assert.Empty(RollupCatalog.TryCreate(
            [new RollupDeclaration { Name = "viewsByAll", Dimensions = [.. Dimension.All.Skip(2).Select(each => each.Name)], Buckets = 5 }],
            out var catalog));
        var node = storage.Open(catalog);
        await node.PrepareAsync(rules, CancellationToken.None);
        var delivery = 0;
        await new ProductionCounter(node, catalog, rules)
        {
            RecordsPerDelta = recordsPerDelta, Delivers = _ => ++delivery % delivered != 0,
        }.CountAsync(topic);

        var report = await Verifier.RunAsync(
            new VerificationRequest(
                new LogAddress(topic.ClientProperties(), topic.Topic, topic.GroupId, topic.StreamIdentity),
                new DatabaseAddress(IsPostgres: false, storage.Options.ConnectionString)),
            null,
            CancellationToken.None);

        Assert.Equal(
            [], report.Rollups.SelectMany(rollup => rollup.Differences.Select(each => $"{rollup.Rollup} {each.WindowEnd} {string.Join('|', each.Key)} {each.Counter} {each.Stored} {each.Least}")));
        Assert.Equal(Verdict.Pass, report.Verdict);
        Assert.True(report.Records <= log.Length);
    }

    private static void Produce(KafkaSettings topic, (byte[] Value, long Time)[] log)
    {
        using var producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig { BootstrapServers = topic.BootstrapServers, LingerMs = 1 })
            .SetLogHandler((_, _) => { }).Build();
        foreach (var (index, record) in log.Index())
            producer.Produce(new TopicPartition(topic.Topic, index % Partitions), new Message<Null, byte[]>
            {
                Value = record.Value, Timestamp = new Timestamp(record.Time, TimestampType.CreateTime),
            });
        Assert.Equal(0, producer.Flush(TimeSpan.FromSeconds(30)));
    }
}
