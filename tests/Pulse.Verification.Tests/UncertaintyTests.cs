using System.Globalization;
using Confluent.Kafka;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Simulator;
using Pulse.Simulator.Producing;
using Pulse.Testing;
using Pulse.Testing.Earlier;
using Pulse.Testing.Kafka;
using Pulse.Verification.Log;

namespace Pulse.Verification.Tests;

public sealed class SqliteUncertaintyTests(KafkaFixture kafka, PostgresFixture postgres) : UncertaintyTests(StorageKind.Sqlite, kafka, postgres);

public sealed class PostgresUncertaintyTests(KafkaFixture kafka, PostgresFixture postgres) : UncertaintyTests(StorageKind.Postgres, kafka, postgres);

/// <summary>What the log no longer has is neither proven nor refuted, and what it still has is.</summary>
public abstract class UncertaintyTests(StorageKind kind, KafkaFixture kafka, PostgresFixture postgres) : VerificationTest(kind, kafka, postgres)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Records_that_were_deleted_are_named_and_the_rest_is_still_judged()
    {
        await CountAsync();
        await DeleteBelowAsync(partition: 1, offset: 30);

        var report = await VerifyAsync();

        Assert.Equal(Verdict.CannotSay, report.Verdict);
        Assert.All(report.Rollups, rollup =>
        {
            Assert.Equal(0, rollup.DifferenceCount);
            var gone = Assert.Single(rollup.Gone);
            Assert.Equal((report.Stream, 1, 30), (gone.Stream, gone.Partition, gone.Total));
            Assert.Equal([new OffsetRange(0, 30)], gone.Offsets);
        });

        // Less than what is there is wrong, whatever was there besides; and so is a row that its bucket does not count.
        await ChangeAsync("update viewsByDeviceGenreAggregation set view_count = 0 where genre = 'genre 3'");
        await ChangeAsync("update viewsByLocationMRAggregation set view_count = view_count + 1 where country = 'country 3'");
        var refuted = await VerifyAsync();
        Assert.Equal(Verdict.Fail, refuted.Verdict);
        Assert.All(refuted.Rollups.Where(rollup => rollup.Rollup == "viewsByDeviceGenre"), rollup => Assert.Equal(0, rollup.Differences[0].Stored));
        Assert.Equal(
            "counted, by its rows,",
            Assert.Single(refuted.Rollups.Single(rollup => rollup.Rollup == "viewsByLocationMR").Differences).Counter);
    }

    [Fact]
    public async Task Records_that_were_gone_before_they_were_counted_are_stored_gaps_and_the_rest_passes()
    {
        await ProduceAsync(Records(300));
        await DeleteBelowAsync(partition: 1, offset: 30);
        await PrepareAsync();
        await new ProductionCounter(Node, Catalog, Rules) { Read = record => record.Message.Value ?? [] }.CountAsync(Topic);
        var stream = (await AskAsync("select positions from pulse_bucket limit 1")).Split(' ')[0];
        await ChangeAsync(
            "insert into pulse_gap (version, bucket, stream, partition, from_offset, to_offset) "
            + $"select version, bucket, '{stream}', 1, 0, 30 from pulse_bucket");

        Assert.Equal(Verdict.Pass, (await VerifyAsync()).Verdict);

        await ChangeAsync("update pulse_gap set to_offset = 20 where version = 2 and bucket = 3");
        var report = await VerifyAsync();
        Assert.Equal(Verdict.CannotSay, report.Verdict);
        Assert.Equal([new OffsetRange(20, 30)], Assert.Single(Assert.Single(report.Rollups, rollup => rollup.Gone.Count > 0).Gone).Offsets);
    }

    [Fact]
    public async Task A_stored_gap_where_the_log_has_records_excuses_nothing()
    {
        await CountAsync();
        var stream = (await AskAsync("select positions from pulse_bucket limit 1")).Split(' ')[0];
        await ChangeAsync(
            "insert into pulse_gap (version, bucket, stream, partition, from_offset, to_offset) "
            + $"select version, bucket, '{stream}', 1, 5, 8 from pulse_bucket where version = 1");

        var report = await VerifyAsync();

        Assert.Equal(Verdict.CannotSay, report.Verdict);
        Assert.Equal([new OffsetRange(5, 8)], Assert.Single(report.Rollups[0].Gone).Offsets);
        Assert.All(report.Rollups.Skip(1), rollup => Assert.Equal(Verdict.Pass, rollup.Verdict));
    }

    [Fact]
    public async Task A_topic_that_was_made_again_is_another_stream()
    {
        await CountAsync();
        using (var administration = KafkaFixture.Administration(Kafka.BootstrapServers))
        {
            await administration.DeleteTopicsAsync([Topic.Topic]);
            await Eventually.HoldsAsync("the topic is gone", Limit, () => Task.FromResult(
                administration.GetMetadata(Limit).Topics.TrueForAll(topic => topic.Topic != Topic.Topic)));
        }

        await Kafka.CreateNamedTopicAsync(Topic.Topic, Partitions);
        var former = (await AskAsync("select positions from pulse_bucket limit 1")).Split(' ')[0];

        var report = await VerifyAsync();

        Assert.Equal(Verdict.CannotSay, report.Verdict);
        Assert.NotEqual(former, report.Stream);
        Assert.All(report.Rollups, rollup => Assert.Equal(
            [(former, 0, 100L), (former, 1, 100), (former, 2, 100)], rollup.Gone.Select(gone => (gone.Stream, gone.Partition, gone.Total))));

        await ProduceAsync(Records(60, first: 900));
        await Counter().CountAsync(Topic);
        report = await VerifyAsync();
        Assert.Equal((Verdict.CannotSay, 60L), (report.Verdict, report.Records));
        await ChangeAsync("update pulse_bucket set consumed = 0 where version = 1");
        Assert.Equal(Verdict.Fail, (await VerifyAsync()).Verdict);
    }

    [Fact]
    public async Task A_position_beyond_the_end_of_the_log_names_what_the_log_does_not_have()
    {
        await CountAsync();
        await ChangeAsync("update pulse_bucket set positions = replace(positions, ' 100', ' 107') where version = 3 and bucket = 4");

        var report = await VerifyAsync();

        Assert.Equal(Verdict.CannotSay, report.Verdict);
        Assert.All(report.Rollups[2].Gone, gone => Assert.Equal([new OffsetRange(100, 107)], gone.Offsets));
        Assert.Equal(3, report.Rollups[2].Gone.Count);
    }

    [Fact]
    public async Task A_compacted_topic_can_have_lost_what_is_not_there()
    {
        Topic = Topic with
        {
            Topic = await Kafka.CreateTopicAsync(
                "compacted", Partitions, ("cleanup.policy", "compact"), ("min.cleanable.dirty.ratio", "0.01"), ("segment.bytes", "1048576"),
                ("segment.ms", "100"), ("max.compaction.lag.ms", "100"), ("min.compaction.lag.ms", "0"), ("delete.retention.ms", "0")),
        };
        // All have one key, so that the last record of each partition alone has to stay.
        await CountAsync();
        Assert.Equal(Verdict.Pass, (await VerifyAsync()).Verdict);
        var report = await VerifyAsync();
        var later = 0L;
        await Eventually.HoldsAsync("records are compacted away", 2 * Limit, async () =>
        {
            // A segment is closed when a record of a later time comes.
            later += 3_600_000;
            await ProduceAsync(Records(Partitions).Select(record => (record.Value, record.Time + later)));
            report = await VerifyAsync();
            return report.Records < 300;
        });

        Assert.Equal(Verdict.CannotSay, report.Verdict);
        Assert.Contains("The topic is compacted", Assert.Single(report.Doubts), StringComparison.Ordinal);
        Assert.All(report.Rollups, rollup => Assert.Equal(300 - report.Records, rollup.Gone.Sum(gone => gone.Total)));
    }

    [Fact]
    public async Task What_transactions_leave_between_records_is_nothing_that_is_missing()
    {
        using (var producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig
        {
            BootstrapServers = Topic.BootstrapServers, TransactionalId = Topic.GroupId,
        }).SetLogHandler((_, _) => { }).Build())
        {
            producer.InitTransactions(Limit);
            for (var transaction = 0; transaction < 4; transaction++)
            {
                producer.BeginTransaction();
                foreach (var (value, time) in Records(30, first: 30 * transaction))
                    producer.Produce(Topic.Topic, new Message<Null, byte[]> { Value = value!, Timestamp = new Timestamp(time, TimestampType.CreateTime) });
                // What was not sent when its transaction ends is dropped by the client, and the broker knows of no transaction then.
                producer.Flush(Limit);
                if (transaction == 1)
                    producer.AbortTransaction(Limit);
                else
                    producer.CommitTransaction(Limit);
            }
        }

        await CountAsync(30);

        var report = await VerifyAsync();

        Assert.Equal((Verdict.Pass, 120L), (report.Verdict, report.Records));
        Assert.Empty(report.Doubts);
    }

    [Fact]
    public async Task A_drained_database_of_the_first_edition_is_uncertain_where_that_counted_and_judged_elsewhere()
    {
        var earlier = new EarlierDatabase(Storage.Options.Kind, IsDrained: true);
        await earlier.RestoreAsync(Storage.Options);
        Node = Storage.Open(RollupCatalog.Default);
        Assert.NotNull(await Node.UpgradeAsync(earlier.Progress, CountingRules.Default, CancellationToken.None));
        await Node.PrepareAsync(CountingRules.Default, CancellationToken.None);
        var positions = await AskAsync("select distinct positions from pulse_bucket");
        var isKnown = Storage.Options.Kind == StorageKind.Postgres;
        Assert.Equal(isKnown, positions.StartsWith(earlier.Progress.Stream + " ", StringComparison.Ordinal));
        if (isKnown)
            await ReproduceAsync(earlier);

        await EarlierCounter().CountAsync(Topic);

        Assert.All(await VerifyEarlierAsync(), rollup =>
        {
            Assert.Equal((Verdict.CannotSay, 0), (rollup.Verdict, rollup.DifferenceCount));
            Assert.Equal((isKnown, !isKnown), (rollup.EarlierWindows.Count > 0, rollup.Gone.Count > 0));
        });
        if (!isKnown)
            return;

        // Events of another year are in none of its windows.
        var since = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        await ProduceAsync(Enumerable.Range(0, 40).Select(number => Later(number, since)));
        await EarlierCounter().CountAsync(Topic);
        Assert.All(await VerifyEarlierAsync(since), rollup => Assert.Equal((Verdict.Pass, 8), (rollup.Verdict, rollup.Cells)));

        await ChangeAsync("update viewsByLocationMRAggregation set view_count = view_count + 1 where window_end_utctime > '2030-01-01'");
        await ChangeAsync("update viewsByGenderAgeGroupAggregation set view_count = 1000000 where window_end_utctime < '2030-01-01'");
        Assert.Equal(
            [Verdict.CannotSay, Verdict.Fail, Verdict.Fail], (await VerifyEarlierAsync()).Select(rollup => rollup.Verdict));
    }

    private ProductionCounter EarlierCounter() => new(Node, RollupCatalog.Default, CountingRules.Default);

    // Without the ledger of dead letters: it goes by the records' own timestamps, which the topic of today does not have.
    private async Task<IReadOnlyList<RollupReport>> VerifyEarlierAsync(DateTime? from = null)
    {
        var reports = new List<RollupReport>();
        foreach (var rollup in RollupCatalog.BuiltIn)
            reports.AddRange((await VerifyAsync(rollup.Name, from)).Rollups);
        return reports;
    }

    // The records that the first edition counted, in a topic of their own that bears the name of its stream. The options are those
    // of EarlierDatabase.PostgresSimulation.
    private async Task ReproduceAsync(EarlierDatabase earlier)
    {
        Topic = Topic with
        {
            Topic = await Kafka.CreateTopicAsync("earlier", 4, ("message.timestamp.after.max.ms", $"{long.MaxValue}")),
            StreamIdentity = earlier.Progress.Stream,
        };
        var simulated = await new SimulatorRun(new SimulatorOptions
        {
            BootstrapServers = Topic.BootstrapServers, Topic = Topic.Topic, CompletionTopic = Topic.CompletionTopic, Events = 1000, Rate = 200,
            Seed = 7, Start = new DateTimeOffset(2026, 11, 25, 22, 30, 0, TimeSpan.Zero), SpeedUp = 900, Skew = 1, Bad = 0.02, Late = 0.1,
        }).RunAsync(CancellationToken.None);
        Assert.Null(simulated.Failure);
    }

    private static (int Partition, byte[]? Value, long Time) Later(int number, DateTime since)
    {
        var time = since.AddMinutes(number);
        var value = new Actors.Tests.Events.SampleEvent().WithText("EventTimestamp", time.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
        return (number % 4, value.ToBytes(), (long)(time - DateTime.UnixEpoch).TotalMilliseconds);
    }

    private async Task DeleteBelowAsync(int partition, long offset)
    {
        using var administration = KafkaFixture.Administration(Kafka.BootstrapServers);
        await administration.DeleteRecordsAsync([new TopicPartitionOffset(Topic.Topic, partition, offset)]);
    }
}
