using System.Collections.Immutable;
using System.Data.Common;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Storage.Upgrade;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Upgrade;

public sealed class SqliteDatabaseUpgradeTests(PostgresFixture postgres) : DatabaseUpgradeTests(StorageKind.Sqlite, postgres);

public sealed class PostgresDatabaseUpgradeTests(PostgresFixture postgres) : DatabaseUpgradeTests(StorageKind.Postgres, postgres)
{
    [Fact]
    public async Task A_node_that_saw_what_another_one_upgrades_meanwhile_goes_on()
    {
        var earlier = await RestoreAsync();
        var before = await RowsAsync();

        await NodesThatWaited.StartAsync(Storage, async (node, token) =>
        {
            await node.UpgradeAsync(earlier.Progress, CountingRules.Default, token);
            await node.PrepareAsync(CountingRules.Default, token);
        });

        Assert.Equal(before, await RowsAsync());
        Assert.Equal(["1"], await Storage.QueryAsync("select count(distinct positions) from pulse_bucket"));
    }

    [Fact]
    public async Task Another_topic_than_the_one_that_was_counted_is_refused()
    {
        await RestoreAsync();

        var line = await RefusedAsync(
            new GroupProgress("group", "ERpFd2yFSFOhn5EOIrqPZw/netflix-event/9b1d", ImmutableDictionary<int, long>.Empty));

        Assert.Contains(
            "it was counted from topic 'events-drained', and Pulse:Kafka:Topic is 'netflix-event'. Set Pulse:Kafka:Topic to 'events-drained'",
            line,
            StringComparison.Ordinal);
    }
}

/// <summary>A database of the version before this one becomes one of this, exactly, or stays as it is.</summary>
public abstract class DatabaseUpgradeTests(StorageKind kind, PostgresFixture postgres) : UpgradeTest(kind, postgres)
{
    // Of the databases that nodes left when they were stopped.
    private int Records => Kind == StorageKind.Sqlite ? 415 : 1_000;

    [Fact]
    public async Task Tables_stay_and_every_bucket_stands_where_the_drained_database_stood()
    {
        var earlier = await RestoreAsync();
        var before = await RowsAsync();
        Assert.True(await Storage.Open().NeedsUpgradeAsync(CancellationToken.None));

        var upgraded = await UpgradeAsync(earlier.Progress);

        Assert.Equal(before, await RowsAsync());
        var positions = Assert.Single(await Storage.QueryAsync("select distinct positions from pulse_bucket"));
        Assert.Equal(positions, upgraded!.Base);
        Assert.Equal([positions], await Storage.QueryAsync("select distinct base from pulse_version"));
        var stored = BucketPositions.Parse(positions);
        Assert.Equal(Records, stored.Streams.SelectMany(stored.Of).Sum(position => position?.Offset ?? 0));
        if (Kind == StorageKind.Postgres)
            Assert.Equal($"{earlier.Progress.Stream} 289 248 215 248", positions);
        Assert.False(await Storage.Open().NeedsUpgradeAsync(CancellationToken.None));
        await Storage.OpenPreparedAsync();
        // What was counted was sent to the dead-letter topic, too.
        Assert.Equal($"{Records}", Assert.Single(await Storage.QueryAsync("select sum(position) from pulse_sink where sink = 'deadLetters'")));
    }

    [Fact]
    public async Task Counters_follow_from_tables_and_late_events_and_balance()
    {
        var earlier = await RestoreAsync();
        await UpgradeAsync(earlier.Progress);
        var node = await Storage.OpenPreparedAsync();

        foreach (var rollup in RollupCatalog.Default.Counted)
        {
            var expected = new long[rollup.Buckets];
            await foreach (var row in node.Results.ReadRangeAsync(rollup, new Window(0), Window.EndingAt(new DateTime(2100, 1, 1, 0, 0, 0, DateTimeKind.Utc)), CancellationToken.None))
                expected[BucketId.NumberOf(rollup, row.Key)] += row.Count;
            Assert.Equal(
                expected.Select(count => $"{count}"),
                await Storage.QueryAsync("select counted from pulse_bucket join pulse_version using (version) "
                    + $"where rollup = '{rollup.Name}' order by bucket"));

            var balance = await node.Results.TotalsAsync(rollup, CancellationToken.None);
            Assert.Equal(Records, balance.Consumed);
            Assert.Equal(balance.Consumed, balance.Counted + balance.Late + balance.Dead + balance.Filtered);
            Assert.Equal(
                [$"{balance.Late}"],
                await Storage.QueryAsync(
                    $"select coalesce(sum(late_count), 0) from pulse_late_events_v1 where rollup = '{rollup.Name}'"));
        }
    }

    [Fact]
    public async Task A_killed_database_is_refused_in_one_line_and_the_earlier_version_goes_on_in_it()
    {
        var earlier = await RestoreAsync(isDrained: false);

        var line = await RefusedAsync(earlier.Progress);

        Assert.Contains(
            Kind == StorageKind.Sqlite
                ? "use an empty database (another --data), or go on with that version."
                : "Start that version once more, let it catch up, and stop it with SIGTERM, all nodes; then start this one.",
            line,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_events_of_buckets_are_put_aside_and_those_of_the_coordinator_stay()
    {
        var earlier = await RestoreAsync();
        var all = await Storage.QueryAsync($"select {JournalColumns} from pulse_journal order by ordering");
        var snapshots = await Storage.QueryAsync("select persistence_id, sequence_number, manifest from pulse_snapshot");

        await UpgradeAsync(earlier.Progress);

        var kept = await Storage.QueryAsync($"select {JournalColumns} from pulse_journal order by ordering");
        Assert.All(kept, row => Assert.StartsWith("coordinator|", row, StringComparison.Ordinal));
        Assert.NotEmpty(kept);
        Assert.Equal(all.Where(row => !row.StartsWith("bucket/", StringComparison.Ordinal)), kept);
        Assert.Equal(
            all.Where(row => row.StartsWith("bucket/", StringComparison.Ordinal)),
            await Storage.QueryAsync($"select {JournalColumns} from pulse_journal_v1 order by ordering"));
        Assert.Equal(snapshots, await Storage.QueryAsync("select persistence_id, sequence_number, manifest from pulse_snapshot"));
    }

    [Fact]
    public async Task An_earlier_version_ends_its_start_in_an_upgraded_database_and_a_node_of_it_that_slept_stores_nothing()
    {
        var earlier = await RestoreAsync();
        await UpgradeAsync(earlier.Progress);
        var before = await EverythingAsync();

        var refusal = await EarlierVersion.StartAsync(Storage.Options);

        Assert.Contains("a later version of Pulse counts in this database, go on with that one", refusal, StringComparison.Ordinal);
        // Its buckets store an event first, and publish it only if that is the journal's last one of theirs.
        await Assert.ThrowsAnyAsync<DbException>(() => Storage.QueryAsync(
            "insert into pulse_journal (created, deleted, persistence_id, sequence_number, message) "
            + $"values (0, {(Kind == StorageKind.Sqlite ? "0" : "false")}, 'bucket/viewsByDeviceGenre/Mobile|Drama', 99, '')"));
        Assert.Equal(["0"], await Storage.QueryAsync("select count(*) from pulse_journal where persistence_id like 'bucket/%'"));
        Assert.Equal(before, await EverythingAsync());
        await Storage.OpenPreparedAsync();
    }

    [Fact]
    public async Task Of_nodes_that_start_at_once_one_upgrades_and_all_go_on()
    {
        var earlier = await RestoreAsync();
        var before = await RowsAsync();

        var upgraded = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => UpgradeAsync(earlier.Progress)));

        Assert.Single(upgraded, outcome => outcome is not null);
        Assert.Equal(before, await RowsAsync());
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Storage.OpenPreparedAsync()));
        Assert.Equal(["1"], await Storage.QueryAsync("select count(distinct positions) from pulse_bucket"));
    }

    [Fact]
    public async Task What_is_declared_otherwise_now_is_refused_at_the_end_and_nothing_stays()
    {
        var earlier = await RestoreAsync();

        var window = await RefusedAsync(earlier.Progress, windowLength: TimeSpan.FromMinutes(1));

        Assert.Contains("window was '300 s' and is now '60 s'", window, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upgrade_whose_node_dies_leaves_nothing_and_the_next_one_does_it()
    {
        var earlier = await RestoreAsync();
        var before = await EverythingAsync();
        await using (var sessions = CheckpointStores.SessionsFor(Storage.Options))
        {
            // All of it, and then the transaction ends as that of a node whose connection breaks.
            await Assert.ThrowsAsync<NotSupportedException>(() => sessions.RunAloneAsync<int>(
                async (connection, token) =>
                {
                    await new EarlierJournal(connection).PutAsideAsync(token);
                    await new DatabaseVersion(sessions.Address, Kind).RaiseAsync(connection, token);
                    await new EarlierJournal(connection).KeepOthersAsync(token);
                    throw new NotSupportedException();
                },
                TimeSpan.FromSeconds(10),
                CancellationToken.None));
        }

        Assert.Equal(before, await EverythingAsync());
        Assert.NotNull(await UpgradeAsync(earlier.Progress));
    }

    [Fact]
    public async Task A_result_that_was_not_published_is_refused()
    {
        var earlier = await RestoreAsync();
        await Storage.QueryAsync(
            "update viewsByLocationMRAggregation set view_count = view_count - 1 where view_count > 1");

        Assert.Matches(
            "the last checkpoint of bucket viewsByLocationMR/.* is not in the result tables", await RefusedAsync(earlier.Progress));
    }

    [Fact]
    public async Task A_late_count_that_was_not_published_is_refused()
    {
        var earlier = await RestoreAsync();
        var bucket = Kind == StorageKind.Sqlite
            ? (await Storage.QueryAsync("select bucket from pulse_late_events where rollup = 'viewsByLocationMR' limit 1"))[0]
            : (await Storage.QueryAsync("select substr(min(persistence_id), 26) from pulse_journal "
                + "where persistence_id like 'bucket/viewsByLocationMR/%'"))[0];
        await Storage.QueryAsync(
            $"insert into pulse_late_events (rollup, bucket, late_count) values ('viewsByLocationMR', '{bucket}', 77) "
            + "on conflict (rollup, bucket) do update set late_count = 77");

        Assert.Contains(
            $"the last checkpoint of bucket viewsByLocationMR/{bucket} is not in the result tables",
            await RefusedAsync(earlier.Progress),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("update pulse_journal set message = substr(message, 1, 9)", "in its journal can't be read. Start the last version")]
    [InlineData("update pulse_journal set manifest = 'counting.bucket-checkpoint.v0'", "in its journal can't be read. Start the last version")]
    [InlineData("update pulse_declarations set declaration = 'five minutes' where name = 'window length'", "'five minutes' can't be understood. Go on")]
    [InlineData("update pulse_declarations set declaration = 'views by what' where name = 'deadletters'", "'views by what' can't be understood. Go on")]
    [InlineData("drop table pulse_declarations", "it declares no rollups. Start the last version")]
    [InlineData("drop table pulse_late_events", "its table pulse_late_events is missing. Restore the whole database from a backup")]
    [InlineData("drop table pulse_journal", "its table pulse_journal is missing. Restore the whole database from a backup")]
    [InlineData("drop table viewsByLocationMRAggregation", "its table viewsByLocationMRAggregation is missing. Restore the whole database")]
    public async Task What_is_not_understood_is_named(string change, string expected)
    {
        var earlier = await RestoreAsync();
        await Storage.QueryAsync(change);
        var before = await EverythingAsync();

        var fault = await Assert.ThrowsAnyAsync<StorageException>(() => UpgradeAsync(earlier.Progress));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.Equal(before, await EverythingAsync());
    }

    [Fact]
    public async Task A_database_that_counted_nothing_yet_starts_at_the_beginning()
    {
        if (Kind == StorageKind.Sqlite)
            StorageAddress.Parse(Storage.Options).CreateDirectory();
        Assert.Null(await EarlierVersion.StartAsync(Storage.Options));

        var upgraded = await UpgradeAsync(new GroupProgress("group", "a/stream", ImmutableDictionary<int, long>.Empty.Add(0, 7)));

        Assert.Equal(0, upgraded!.Events);
        Assert.Equal([""], await Storage.QueryAsync("select distinct positions from pulse_bucket"));
        Assert.Equal(["49"], await Storage.QueryAsync("select count(*) from pulse_bucket"));
    }

    [Fact]
    public async Task A_database_of_this_version_or_none_needs_no_upgrade()
    {
        Assert.False(await Storage.Open().NeedsUpgradeAsync(CancellationToken.None));
        await Storage.OpenPreparedAsync();

        Assert.False(await Storage.Open().NeedsUpgradeAsync(CancellationToken.None));
        Assert.Null(await UpgradeAsync(new GroupProgress("group", "a/stream", ImmutableDictionary<int, long>.Empty)));
    }
}
