using System.Globalization;
using System.Text;
using Pulse.Actors.Storage;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Verification.Tests;

public sealed class SqliteRefutationTests(KafkaFixture kafka, PostgresFixture postgres) : RefutationTests(StorageKind.Sqlite, kafka, postgres)
{
    [Theory]
    [InlineData("'Smart TV', 'word', 1, 'yesterday'", "its window_end_utctime is no time")]
    [InlineData("'Smart TV', 'text', 'abc', '2026-01-01 12:05:00'", "its view_count is abc")]
    [InlineData("'Smart TV', 'half', 1.5, '2026-01-01 12:05:00'", "its view_count is 1.5")]
    [InlineData("'Smart TV', x'67', 1, '2026-01-01 12:05:00'", "its genre is no text")]
    public Task A_row_that_only_a_file_can_hold_is_refuted(string row, string problem) => AssertNeverWrittenAsync(row, problem);
}

public sealed class PostgresRefutationTests(KafkaFixture kafka, PostgresFixture postgres) : RefutationTests(StorageKind.Postgres, kafka, postgres)
{
    [Theory]
    [InlineData("'Smart TV', 'old', 1, '0044-01-01 00:05:00 BC'", "its window_end_utctime is no time")]
    [InlineData("'Smart TV', 'far', 1, '20000-01-01 00:05:00'", "its window_end_utctime is no time")]
    public Task A_row_that_only_a_server_can_hold_is_refuted(string row, string problem) => AssertNeverWrittenAsync(row, problem);
}

/// <summary>What production code counted passes, and every single change of it is found.</summary>
public abstract class RefutationTests(StorageKind kind, KafkaFixture kafka, PostgresFixture postgres) : VerificationTest(kind, kafka, postgres)
{
    // The row of the key and window that come first.
    private const string FirstRow = "(select min(window_end_utctime) from viewsByDeviceGenreAggregation) and genre = 'genre 0'";

    [Fact]
    public async Task What_was_counted_passes_wherever_the_buckets_stand()
    {
        await ProduceAsync(Records(300));
        await PrepareAsync();
        var delivered = 0;
        await new ProductionCounter(Node, Catalog, Rules) { Delivers = _ => delivered++ % 23 != 22, RecordsPerDelta = 10 }.CountAsync(Topic);

        var report = await VerifyAsync();

        Assert.Equal(Verdict.Pass, report.Verdict);
        Assert.Equal(300, report.Records);
        Assert.Equal(5, report.Rollups.Count);
        Assert.All(report.Rollups, rollup => Assert.True(rollup.Cells > 0));
        Assert.Contains(report.Rollups, rollup => rollup.Positions.Any(each => each.Least < each.Greatest));
        Assert.NotEqual("0", await AskAsync("select sum(late) from pulse_bucket"));
        Assert.Equal(
            ["Empty", "MissingField", "TimestampInFuture"],
            await Storage.QueryAsync("select distinct reason from deadLettersAggregation order by reason"));
        Assert.NotEqual("0", await AskAsync("select count(*) from viewsByTitleAggregation where content_name = '(none)' and language = '(invalid)'"));
    }

    [Fact]
    public async Task A_row_raised_by_one_is_refuted_with_its_records()
    {
        await CountAsync();
        var stored = long.Parse(await AskAsync(
            $"select view_count from viewsByDeviceGenreAggregation where window_end_utctime = {FirstRow}"), CultureInfo.InvariantCulture);
        await ChangeAsync($"update viewsByDeviceGenreAggregation set view_count = view_count + 1 where window_end_utctime = {FirstRow}");

        var difference = await OneDifferenceAsync("viewsByDeviceGenre");

        Assert.Equal(FirstWindow, difference.WindowEnd);
        Assert.Equal(["Smart TV", "genre 0"], difference.Key);
        Assert.Equal((stored + 1, stored, stored), (difference.Stored, difference.Least, difference.Greatest));
        Assert.Equal(stored, difference.OffsetCount);
        Assert.Equal(stored, difference.Offsets.Distinct().Count());
    }

    [Fact]
    public async Task A_row_deleted_is_refuted()
    {
        await CountAsync();
        await ChangeAsync($"delete from viewsByDeviceGenreAggregation where window_end_utctime = {FirstRow}");

        var difference = await OneDifferenceAsync("viewsByDeviceGenre");

        Assert.Equal((0, difference.OffsetCount), (difference.Stored, difference.Least));
        Assert.True(difference.Least > 0);
    }

    [Theory]
    [InlineData("'Mobile', 'invented', 1", "12:05:00")]
    [InlineData("'Smart TV', 'genre 0', 1", "12:05:01")]
    [InlineData("'Smart TV', 'genre 0', 1", "12:04:59")]
    [InlineData("'Smart TV', 'genre 0', -1", "13:00:00")]
    public async Task A_row_invented_is_refuted(string key, string end)
    {
        await CountAsync();
        await ChangeAsync(
            $"insert into viewsByDeviceGenreAggregation (device_type, genre, view_count, window_end_utctime) values ({key}, '2026-01-01 {end}')");

        var difference = await OneDifferenceAsync("viewsByDeviceGenre");

        Assert.Equal((0, 0, 0), (difference.Least, difference.Greatest, difference.OffsetCount));
        Assert.Equal(end, difference.WindowEnd!.Value.ToString("HH:mm:ss", CultureInfo.InvariantCulture));
    }

    [Fact]
    public Task A_row_without_a_count_is_refuted() => AssertNeverWrittenAsync("'Smart TV', 'zero', 0, '2026-01-01 12:05:00'", "its view_count is 0");

    private protected async Task AssertNeverWrittenAsync(string row, string problem)
    {
        await CountAsync();
        await ChangeAsync($"insert into viewsByDeviceGenreAggregation (device_type, genre, view_count, window_end_utctime) values ({row})");

        Assert.StartsWith(problem, (await OneDifferenceAsync("viewsByDeviceGenre")).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rollup_that_should_be_there_and_is_not_is_said()
    {
        await CountAsync();
        await ChangeAsync("delete from pulse_version where rollup = 'viewsByLocationMR'");

        var report = await VerifyAsync(expected: ["viewsByDeviceGenre", "viewsByLocationMR"]);

        Assert.Equal(Verdict.CannotSay, report.Verdict);
        Assert.Equal("Rollup 'viewsByLocationMR' is configured, and nothing of it is in the database.", Assert.Single(report.Doubts));
    }

    [Theory]
    [InlineData("update pulse_version set table_name = 'viewsbylocationmraggregation2' where rollup = 'viewsByLocationMR'", "rollup 'viewsByLocationMR' in table 'viewsbylocationmraggregation2'")]
    [InlineData("drop table pulse_gap", "it is not what a node makes of it")]
    [InlineData("update pulse_bucket set positions = 'a/b/c 9223372036854775807@0' where bucket = 0", "'9223372036854775807@0' is no position")]
    public async Task What_no_node_makes_is_not_understood(string sql, string expected)
    {
        await CountAsync();
        await ChangeAsync(sql);

        var refused = await Assert.ThrowsAsync<VerificationException>(() => VerifyAsync());

        Assert.True(refused.IsMistake);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public async Task Positions_in_partitions_that_the_topic_does_not_have_can_not_be_judged()
    {
        await CountAsync();
        await ChangeAsync("update pulse_bucket set positions = positions || ' 5@0' where version = 1 and bucket = 0");

        var report = await VerifyAsync();

        Assert.Equal(Verdict.CannotSay, report.Verdict);
        Assert.Equal(Partitions, Assert.Single(report.Rollups[0].Gone).Partition);
    }

    [Fact]
    public async Task Two_keys_whose_counts_are_swapped_are_refuted()
    {
        const string rows = "from viewsByDeviceGenreAggregation where genre in ('genre 1', 'genre 2') "
            + "and window_end_utctime = (select min(window_end_utctime) from viewsByDeviceGenreAggregation)";
        await CountAsync();
        Assert.Equal("2", await AskAsync($"select count(distinct view_count) {rows}"));
        await ChangeAsync(
            $"update viewsByDeviceGenreAggregation set view_count = (select sum(view_count) {rows}) - view_count {rows[rows.IndexOf("where", StringComparison.Ordinal)..]}");

        var report = await VerifyAsync();

        Assert.Equal(Verdict.Fail, report.Verdict);
        Assert.Equal([2, 0, 0, 0, 0], report.Rollups.Select(rollup => rollup.DifferenceCount));
        Assert.Equal(["genre 1", "genre 2"], report.Rollups[0].Differences.Select(difference => difference.Key[1]));
        var (one, other) = (report.Rollups[0].Differences[0], report.Rollups[0].Differences[1]);
        Assert.Equal((other.Least, one.Least), (one.Stored, other.Stored));
    }

    [Theory]
    [InlineData("counted")]
    [InlineData("late")]
    [InlineData("dead")]
    [InlineData("filtered")]
    [InlineData("consumed")]
    public async Task Each_counter_of_a_bucket_is_refuted(string counter)
    {
        await CountAsync();
        await ChangeAsync($"update pulse_bucket set {counter} = {counter} - 1 where version = 1 and bucket = 2");

        var difference = await OneDifferenceAsync("viewsByDeviceGenre");

        Assert.Equal((2, counter), (difference.Bucket, difference.Counter));
        Assert.Equal(difference.Least - 1, difference.Stored);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_position_moved_past_a_record_of_the_bucket_s_own_is_refuted(int records)
    {
        await ProduceAsync(Records(300));
        await PrepareAsync();
        await Counter().CountAsync(Topic);
        // Records of one key, so that each is its bucket's own.
        await ProduceAsync(Enumerable.Repeat((0, Records(10).Last().Value, Records(10).Last().Time), 20));
        if (records < 0)
            await Counter().CountAsync(Topic);
        Assert.Equal(Verdict.Pass, (await VerifyAsync()).Verdict);
        await MoveAllBucketsAsync(partition: 0, records);

        var report = await VerifyAsync();

        Assert.Equal(Verdict.Fail, report.Verdict);
        var cell = Assert.Single(report.Rollups[0].Differences, difference => difference.Bucket is null);
        Assert.Equal(records, cell.Least - cell.Stored);
        Assert.Contains(report.Rollups[0].Differences, difference => difference.Counter == "counted");
    }

    [Fact]
    public async Task A_record_that_never_reached_the_decoder_is_refuted()
    {
        await ProduceAsync(Records(300));
        await PrepareAsync();
        await new ProductionCounter(Node, Catalog, Rules)
        {
            Read = record => record is { Partition.Value: 1, Offset.Value: 4 } ? null : record.Message.Value ?? [],
        }.CountAsync(Topic);

        var report = await VerifyAsync();

        Assert.Equal((Verdict.Fail, 300L), (report.Verdict, report.Records));
        Assert.All(report.Rollups.Where(rollup => rollup.Rollup != "deadLetters"), rollup =>
        {
            var cell = Assert.Single(rollup.Differences, difference => difference.Bucket is null);
            Assert.Equal(1, cell.Least - cell.Stored);
            Assert.Equal(Math.Min(20, cell.OffsetCount), cell.Offsets.Count);
            Assert.True(cell.OffsetCount > 20 || cell.Offsets.Contains((1, 4)));
        });
    }

    [Fact]
    public async Task A_kind_of_record_that_the_decoder_misreads_is_refuted()
    {
        // The tables, counters and positions of this database agree with each other; the log alone says otherwise.
        await ProduceAsync(Records(300));
        await PrepareAsync();
        await new ProductionCounter(Node, Catalog, Rules) { Read = Misread }.CountAsync(Topic);

        var report = await VerifyAsync();

        Assert.Equal(Verdict.Fail, report.Verdict);
        Assert.All(report.Rollups.Where(rollup => rollup.Rollup == "viewsByGenderAgeGroup"), rollup =>
            Assert.Equal(["30-39", "40-49"], rollup.Differences.Where(each => each.Bucket is null).Select(each => each.Key[1]).Distinct().Order()));
        Assert.Equal(0, report.Rollups.Single(rollup => rollup.Rollup == "viewsByDeviceGenre").DifferenceCount);

        static byte[] Misread(Confluent.Kafka.ConsumeResult<Confluent.Kafka.Ignore, byte[]> record) => Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(record.Message.Value ?? []).Replace("\"UserAge\":40,", "\"UserAge\":39,", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_very_many_differences_the_first_are_shown_and_all_are_counted()
    {
        await CountAsync();
        await ChangeAsync("update viewsByLocationMRAggregation set view_count = view_count + 1");
        var rows = long.Parse(await AskAsync("select count(*) from viewsByLocationMRAggregation"), CultureInfo.InvariantCulture);

        var report = await VerifyAsync("VIEWSBYLOCATIONMR");

        var rollup = Assert.Single(report.Rollups);
        Assert.Equal(rows, rollup.DifferenceCount);
        Assert.Equal(10, rollup.Differences.Count);
        Assert.Equal(rollup.Differences.OrderBy(each => each.WindowEnd).ThenBy(each => each.Key[0], StringComparer.Ordinal), rollup.Differences);
        Assert.Equal(FirstWindow, rollup.Differences[0].WindowEnd);
    }

    [Fact]
    public async Task Of_windows_that_were_not_asked_for_only_their_sum_is_judged()
    {
        await CountAsync();
        var all = (await VerifyAsync("viewsByDeviceGenre")).Rollups[0].Cells;
        await ChangeAsync($"update viewsByDeviceGenreAggregation set view_count = view_count + 1 where window_end_utctime = {FirstRow}");

        var others = await VerifyAsync("viewsByDeviceGenre", from: FirstWindow.AddMilliseconds(1));
        var first = await VerifyAsync("viewsByDeviceGenre", before: FirstWindow.AddMilliseconds(1));

        Assert.Equal("counted, by its rows,", Assert.Single(others.Rollups[0].Differences).Counter);
        Assert.Null(first.Rollups[0].Differences[0].Bucket);
        Assert.Equal(all, others.Rollups[0].Cells + first.Rollups[0].Cells);
        Assert.NotEqual(0, first.Rollups[0].Cells);
    }

    [Theory]
    [InlineData("digest = 'abc' where version = 2", "the digest 'abc' is not that of the declaration")]
    [InlineData("declaration = declaration || ' ' where version = 2", "is not that of the declaration")]
    [InlineData("base = 'a' where version = 2", "'a' is no line of positions")]
    public async Task A_database_that_is_not_understood_is_refused(string change, string expected)
    {
        await CountAsync(10);
        await ChangeAsync($"update pulse_version set {change}");

        var refusal = await Assert.ThrowsAsync<VerificationException>(() => VerifyAsync());

        Assert.True(refusal.IsMistake);
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.Equal(Verdict.Pass, (await VerifyAsync("viewsByDeviceGenre")).Verdict);
    }

    [Fact]
    public async Task A_rollup_that_is_not_there_and_a_database_without_tables_are_refused()
    {
        var empty = await Assert.ThrowsAsync<VerificationException>(() => VerifyAsync());
        await CountAsync(10);
        var unknown = await Assert.ThrowsAsync<VerificationException>(() => VerifyAsync("viewsByWhat"));

        Assert.Contains("there is no rollup 'viewsByWhat' in it; it has viewsByDeviceGenre, ", unknown.Message, StringComparison.Ordinal);
        Assert.True(unknown.IsMistake);
        Assert.Equal(Kind == StorageKind.Postgres, empty.IsMistake);
    }

    private StorageKind Kind => Storage.Options.Kind;

    private async Task<Difference> OneDifferenceAsync(string rollup)
    {
        var report = await VerifyAsync();
        Assert.Equal(Verdict.Fail, report.Verdict);
        Assert.Equal(1, report.Rollups.Sum(each => each.DifferenceCount));
        return Assert.Single(report.Rollups.Single(each => each.Rollup == rollup).Differences);
    }

    private async Task MoveAllBucketsAsync(int partition, int by)
    {
        var rows = await Storage.QueryAsync("select version, bucket, positions from pulse_bucket where version = 1");
        foreach (var row in rows.Select(row => row.Split('|')))
        {
            var words = row[2].Split(' ');
            var offset = long.Parse(words[partition + 1].Split('@', '~')[0], CultureInfo.InvariantCulture) + by;
            words[partition + 1] = string.Create(CultureInfo.InvariantCulture, $"{offset}@0");
            await ChangeAsync($"update pulse_bucket set positions = '{string.Join(' ', words)}' where version = 1 and bucket = {row[1]}");
        }
    }
}
