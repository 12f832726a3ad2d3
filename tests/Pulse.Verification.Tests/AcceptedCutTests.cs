using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Cuts;
using Pulse.Actors.Tests.Events;
using Pulse.Counting;
using Pulse.Testing;
using Pulse.Testing.Kafka;
using Pulse.Verification.Log;

namespace Pulse.Verification.Tests;

public sealed class SqliteAcceptedCutTests(KafkaFixture kafka, PostgresFixture postgres) : AcceptedCutTests(StorageKind.Sqlite, kafka, postgres);

public sealed class PostgresAcceptedCutTests(KafkaFixture kafka, PostgresFixture postgres) : AcceptedCutTests(StorageKind.Postgres, kafka, postgres);

/// <summary>After a cut was accepted: what was counted of the log that is gone is named, and excuses nothing else.</summary>
public abstract class AcceptedCutTests(StorageKind kind, KafkaFixture kafka, PostgresFixture postgres) : VerificationTest(kind, kafka, postgres)
{
    private const int CutPartition = 1;
    private const long CutAt = 60;
    private const long CountedTo = 100;

    [Fact]
    public async Task Exactly_the_offsets_of_the_cut_are_named()
    {
        await CutAsync();

        var report = await VerifyAsync();

        Assert.Equal(Verdict.CannotSay, report.Verdict);
        Assert.All(report.Rollups, rollup =>
        {
            Assert.Equal((Verdict.CannotSay, 0L), (rollup.Verdict, rollup.DifferenceCount));
            var cut = Assert.Single(rollup.Cuts);
            Assert.Equal((report.Stream, CutPartition, CountedTo - CutAt), (cut.Stream, cut.Partition, cut.Total));
            Assert.Equal([new OffsetRange(CutAt, CountedTo)], cut.Offsets);
            Assert.Empty(rollup.Gone);
        });
        // What the log has now is counted, and what it had is counted still.
        Assert.Equal("40", await AskAsync("select sum(view_count) from viewsByDeviceGenreAggregation where genre = 'gone'"));
    }

    [Theory]
    // A cell has at most what the cut had besides.
    [InlineData("update viewsByDeviceGenreAggregation set view_count = view_count + 41 where genre = 'gone'", null)]
    // Less than the log has is wrong, whatever was cut.
    [InlineData("update viewsByDeviceGenreAggregation set view_count = 0 where genre = 'genre 3'", null)]
    // The partition that was cut is booked elsewhere.
    [InlineData("update pulse_bucket set consumed = consumed + 1 where version = 1 and bucket = 0", "consumed")]
    [InlineData("update pulse_bucket set late = late + 41 where version = 1 and bucket = 1", "late")]
    [InlineData("update pulse_bucket set consumed = consumed - 41 where version = 1 and bucket = 1", "consumed")]
    public async Task What_the_cut_can_t_explain_is_refuted(string change, string? counter)
    {
        await CutAsync();
        await ChangeAsync(change);

        var report = await VerifyAsync(rollup: "viewsByDeviceGenre");

        Assert.Equal(Verdict.Fail, report.Verdict);
        Assert.Equal(counter, Assert.Single(report.Rollups).Differences[0].Counter);
    }

    [Fact]
    public async Task A_cut_that_was_accepted_twice_counts_twice_and_is_named_once()
    {
        await CutAsync();
        await AcceptAsync();
        await Counter().CountAsync(Topic);

        var report = await VerifyAsync();

        Assert.Equal(Verdict.CannotSay, report.Verdict);
        Assert.All(report.Rollups, rollup =>
        {
            Assert.Equal(0, rollup.DifferenceCount);
            Assert.Equal(CountedTo - CutAt, Assert.Single(rollup.Cuts).Total);
        });
    }

    [Fact]
    public async Task Rebuilt_it_passes()
    {
        await CutAsync();
        await Node.RebuildAsync([.. Catalog.Counted], Rules, "ann@host", CancellationToken.None);
        await Counter().CountAsync(Topic);

        var report = await VerifyAsync();

        Assert.Equal(Verdict.Pass, report.Verdict);
        Assert.All(report.Rollups, rollup => Assert.Empty(rollup.Cuts));
    }

    // The log had other records from an offset on when they were counted; then it was cut, grew again, and that was accepted.
    private async Task CutAsync()
    {
        await ProduceAsync(Records(300));
        await PrepareAsync();
        await new ProductionCounter(Node, Catalog, Rules)
        {
            Read = record => record.Partition.Value == CutPartition && record.Offset.Value >= CutAt ? GoneAt(record.Message.Timestamp) : record.Message.Value ?? [],
        }.CountAsync(Topic);
        Assert.Equal(Verdict.Fail, (await VerifyAsync()).Verdict);
        await AcceptAsync();
        await Counter().CountAsync(Topic);
    }

    private static byte[] GoneAt(Timestamp time) => Encoding.UTF8.GetBytes(new SampleEvent().WithText("Genre", "gone")
        .WithText("EventTimestamp", time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)).ToString());

    private async Task AcceptAsync()
    {
        var stream = (await AskAsync("select positions from pulse_bucket limit 1")).Split(' ')[0];
        var buckets = (await Node.Cuts.ReadAsync(new StreamPartition(stream, CutPartition), CancellationToken.None))
            .Where(bucket => bucket.Position.Offset > CutAt).ToList();
        // Some have not come as far as others.
        Assert.Equal(CountedTo, buckets.Max(bucket => bucket.Position.Offset));
        Assert.Empty(await Node.Cuts.RunAsync(
            buckets, [.. buckets.Select(bucket => new BucketCut(bucket, new LogPosition(CutAt, LogPosition.UnknownEpoch)))], "ann@host", CancellationToken.None));
    }
}
