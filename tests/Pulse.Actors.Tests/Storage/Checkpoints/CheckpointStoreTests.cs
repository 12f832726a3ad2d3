using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

public sealed class SqliteCheckpointStoreTests(PostgresFixture postgres) : CheckpointStoreTests(StorageKind.Sqlite, postgres);

public sealed class PostgresCheckpointStoreTests(PostgresFixture postgres) : CheckpointStoreTests(StorageKind.Postgres, postgres);

/// <summary>What a checkpoint statement and a takeover promise, on either database.</summary>
public abstract class CheckpointStoreTests(StorageKind kind, PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly Window Early = BucketHistory.Window;
    private static readonly Window Later = new(Early.EndUnixSeconds + 300);

    private CheckpointDatabase _database = null!;
    private BucketHistory _history = null!;

    private ICheckpointStore Store => _database.Store;

    public async ValueTask InitializeAsync()
    {
        _database = await CheckpointDatabase.CreateAsync(kind, postgres);
        _history = new BucketHistory(_database, 2);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
            await _database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Statements_that_follow_on_each_other_add_up()
    {
        var first = _history.After(await _history.TakeOverAsync(Store));
        var second = _history.After(first.Next);
        var third = _history.After(second.Next);

        Assert.Equal(
            [StatementResult.Stored, StatementResult.Stored], await ResultsAsync(first, second));
        Assert.Equal([StatementResult.Stored], await ResultsAsync(third));

        Assert.Equal([first, second, third], await _history.StoredAsync());
    }

    [Fact]
    public async Task A_statement_that_follows_on_another_content_changes_nothing()
    {
        var first = _history.After(await _history.TakeOverAsync(Store));
        var stranger = _history.After(new CheckpointId(Guid.NewGuid())) with { Gaps = [new Gap(new StreamPartition("stream", 1), 0, 5)] };

        Assert.Equal([StatementResult.NotStored, StatementResult.Stored], await ResultsAsync(stranger, first));

        Assert.Equal([first], await _history.StoredAsync());
        Assert.Empty(await _database.QueryAsync("select * from pulse_gap"));
    }

    [Fact]
    public async Task A_repeated_statement_is_stored_once_and_the_row_tells_that_it_is()
    {
        var first = _history.After(await _history.TakeOverAsync(Store));

        Assert.Equal([StatementResult.Stored], await ResultsAsync(first));
        Assert.Equal([StatementResult.NotStored], await ResultsAsync(first));

        Assert.Equal([first], await _history.StoredAsync());
        Assert.Equal(first.Next, await CheckpointAsync());
    }

    [Fact]
    public async Task After_a_takeover_no_older_incarnation_stores_anything()
    {
        var old = await _history.TakeOverAsync(Store);
        var before = _history.After(old);
        var zombie = _history.After(before.Next);
        await ResultsAsync(before);

        var taken = await _history.TakeOverAsync(await _database.OpenAsync());

        Assert.Equal([StatementResult.NotStored, StatementResult.NotStored], await ResultsAsync(zombie, before));
        var after = _history.After(taken);
        Assert.Equal([StatementResult.Stored], await ResultsAsync(after));
        Assert.Equal([before, after], await _history.StoredAsync());
    }

    [Fact]
    public async Task A_takeover_returns_what_the_row_holds_under_a_name_and_a_generation_of_its_own()
    {
        var first = _history.After(await _history.TakeOverAsync(Store));
        await ResultsAsync(first);
        var earliest = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - (60 * 60 * 1000);

        var one = (await Store.TakeOverAsync([_history.Bucket], CancellationToken.None))[_history.Bucket];
        var other = (await Store.TakeOverAsync([_history.Bucket], CancellationToken.None))[_history.Bucket];

        Assert.Equal((first.Positions, first.Balance), (one.Positions, one.Balance));
        Assert.Equal((first.Positions, first.Balance), (other.Positions, other.Balance));
        Assert.Equal(3, new HashSet<CheckpointId> { first.Next, one.Checkpoint, other.Checkpoint }.Count);
        Assert.True(one.Generation > earliest && other.Generation > one.Generation, $"{one.Generation}, {other.Generation}");
    }

    [Fact]
    public async Task Many_buckets_are_taken_over_at_once_and_no_others()
    {
        BucketId[] taken =
        [
            new BucketId(CheckpointDatabase.Titles.Name, 3),
            new BucketId(CheckpointDatabase.Genders.Name, 0),
            new BucketId(CheckpointDatabase.Titles.Name, 0),
        ];
        var left = new BucketId(CheckpointDatabase.Titles.Name, 1);
        var before = await Store.ReadCheckpointsAsync([.. taken, left], CancellationToken.None);

        var rows = await Store.TakeOverAsync(taken, CancellationToken.None);

        Assert.Equal(taken.ToHashSet(), rows.Keys.ToHashSet());
        var after = await Store.ReadCheckpointsAsync([.. taken, left], CancellationToken.None);
        Assert.Equal(before[left], after[left]);
        Assert.All(taken, bucket => Assert.Equal(rows[bucket].Checkpoint, after[bucket]));
        Assert.Equal(7, before.Values.Concat(after.Values).Distinct().Count());
    }

    [Fact]
    public async Task Counts_are_read_back_of_the_windows_that_are_asked_for()
    {
        var taken = await _history.TakeOverAsync(Store);
        var first = _history.After(taken) with { Counts = [Cell("Dune", Early, 2), Cell("Dune", Later, 3), Cell("Heat", Later, 4)] };
        var second = _history.After(first.Next) with { Counts = [Cell("Dune", Early, 10), Cell("Dune", Later, 10)] };
        var third = _history.After(second.Next) with { Counts = [Cell("Heat", Later, 1)] };

        var outcomes = await Store.StoreAsync([first, second], Later, CancellationToken.None);
        var nobody = await Store.StoreAsync([third], null, CancellationToken.None);

        Assert.Equal(
            new HashSet<KeyCount> { Cell("Dune", Later, 3), Cell("Heat", Later, 4) }, outcomes[0].Counts.ToHashSet());
        Assert.Equal([Cell("Dune", Later, 13)], outcomes[1].Counts);
        Assert.Equal(StatementResult.Stored, nobody[0].Result);
        Assert.Empty(nobody[0].Counts);
    }

    [Fact]
    public async Task A_statement_without_cells_moves_the_row()
    {
        var empty = _history.After(await _history.TakeOverAsync(Store)) with { Counts = [], Balance = default };

        var outcome = Assert.Single(await Store.StoreAsync([empty], Early, CancellationToken.None));

        Assert.Equal(StatementResult.Stored, outcome.Result);
        Assert.Equal(empty.Next, await CheckpointAsync());
        Assert.Equal(
            [$"{empty.Positions}|0"],
            await _database.QueryAsync($"select positions, consumed from pulse_bucket where positions = '{empty.Positions}'"));
    }

    [Fact]
    public async Task Gaps_are_stored_with_the_positions_that_moved_over_them()
    {
        var first = _history.After(await _history.TakeOverAsync(Store)) with
        {
            Gaps = [new Gap(new StreamPartition("cluster/topic", 3), 100, 250), new Gap(new StreamPartition("cluster/topic", 1), 0, 7)],
        };

        Assert.Equal([StatementResult.Stored], await ResultsAsync(first));
        Assert.Equal([StatementResult.NotStored], await ResultsAsync(first));

        Assert.Equal(
            ["viewsByTitle|2|cluster/topic|1|0|7", "viewsByTitle|2|cluster/topic|3|100|250"],
            await _database.QueryAsync("select rollup, bucket, stream, partition, from_offset, to_offset from pulse_gap "
                + "join pulse_version using (version) where stored_at is not null order by partition"));
    }

    [Fact]
    public async Task Every_text_comes_back_as_it_was_written()
    {
        string[] titles = ["", "Côte d'Ivoire", "\"quoted\" \\ {1,2} [3]", "Драма 😀", "line\nline\ttab", "null", "NULL", "%$1@p"];
        var first = _history.After(await _history.TakeOverAsync(Store)) with
        {
            Positions = "'\"\\\n😀",
            Counts = [.. titles.Select((title, index) => Cell(title, Later, index + 1))],
        };

        var outcome = Assert.Single(await Store.StoreAsync([first], Later, CancellationToken.None));

        Assert.Equal(first.Counts.ToHashSet(), outcome.Counts.ToHashSet());
        await using var snapshot = await Store.ReadSnapshotAsync(CancellationToken.None);
        Assert.Equal(first.Positions, snapshot.Buckets[_history.Bucket].Positions);
        Assert.Equal(first.Counts.ToHashSet(), (await ReadAsync(snapshot)).ToHashSet());
    }

    [Fact]
    public async Task The_same_cell_twice_is_refused_before_anything_is_sent()
    {
        var first = _history.After(await _history.TakeOverAsync(Store));
        var twice = _history.After(first.Next) with { Counts = [Cell("Dune", Early, 1), Cell("Heat", Early, 1), Cell("Dune", Early, 2)] };

        await Assert.ThrowsAsync<ArgumentException>(() => Store.StoreAsync([first, twice], null, CancellationToken.None));

        Assert.Empty(await _history.StoredAsync());
    }

    [Fact]
    public async Task A_bucket_of_another_installation_s_rollups_is_refused()
    {
        var first = _history.After(await _history.TakeOverAsync(Store));
        BucketId[] strangers = [new("viewsByStranger", 0), new BucketId(CheckpointDatabase.Titles.Name, 4)];

        foreach (var stranger in strangers)
        {
            await Assert.ThrowsAsync<ArgumentException>(
                () => Store.StoreAsync([first, first with { Bucket = stranger }], null, CancellationToken.None));
            await Assert.ThrowsAsync<ArgumentException>(() => Store.TakeOverAsync([stranger], CancellationToken.None));
        }

        Assert.Empty(await _history.StoredAsync());
    }

    [Fact]
    public async Task What_is_refused_leaves_all_others_stored_before_it_and_behind_it()
    {
        var taken = await _history.TakeOverAsync(Store);
        var first = _history.After(taken);
        var second = _history.After(first.Next);
        var behind = _history.After(second.Next);
        var genders = new BucketId(CheckpointDatabase.Genders.Name, 0);
        var row = (await Store.TakeOverAsync([genders], CancellationToken.None))[genders];
        var broken = new CheckpointStatement(
            genders, row.Checkpoint, new CheckpointId(Guid.NewGuid()), "lost", new Balance(1, 0, 0, 0, 1),
            [new KeyCount(new RollupKey("F", "20s"), Early, 1)], []);
        await _database.QueryAsync($"drop table {CheckpointDatabase.Genders.TableName}");

        var outcomes = await Store.StoreAsync([first, second, broken, behind], Early, CancellationToken.None);

        Assert.Equal(
            [StatementResult.Stored, StatementResult.Stored, StatementResult.Refused],
            outcomes.Take(3).Select(outcome => outcome.Result));
        Assert.All(outcomes.Take(2), outcome => Assert.Equal(2, outcome.Counts.Count));
        Assert.Contains("viewsbygenderagegroupaggregation", outcomes[2].Fault!.Message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\n', outcomes[2].Fault!.Message);
        // A server executed it before it was sent once more.
        Assert.Equal(kind == StorageKind.Postgres ? StatementResult.NotStored : StatementResult.Stored, outcomes[3].Result);
        var checkpoints = await Store.ReadCheckpointsAsync([genders, _history.Bucket], CancellationToken.None);
        Assert.Equal(row.Checkpoint, checkpoints[genders]);
        Assert.Equal(behind.Next, checkpoints[_history.Bucket]);
        Assert.Equal([first, second, behind], await _history.StoredAsync());
    }

    [Fact]
    public async Task Statements_of_many_buckets_and_rollups_are_stored_in_one_call()
    {
        var histories = Enumerable.Range(0, 4).Select(number => new BucketHistory(_database, number)).ToList();
        var statements = new List<CheckpointStatement>();
        foreach (var history in histories)
        {
            var previous = await history.TakeOverAsync(Store);
            for (var number = 0; number < 40; number++, previous = statements[^1].Next)
                statements.Add(history.After(previous));
        }

        var outcomes = await Store.StoreAsync(statements, null, CancellationToken.None);

        Assert.All(outcomes, outcome => Assert.Equal(StatementResult.Stored, outcome.Result));
        foreach (var history in histories)
            Assert.Equal(statements.Where(statement => statement.Bucket == history.Bucket), await history.StoredAsync());
    }

    [Fact]
    public async Task More_cells_than_a_batch_takes_are_stored_in_several()
    {
        var taken = await _history.TakeOverAsync(Store);
        var many = _history.After(taken) with { Counts = Many(0) };
        var more = _history.After(many.Next) with { Counts = Many(1) };
        var last = _history.After(more.Next) with { Counts = Many(2) };

        var outcomes = await Store.StoreAsync([many, more, last], null, CancellationToken.None);

        Assert.All(outcomes, outcome => Assert.Equal(StatementResult.Stored, outcome.Result));
        Assert.Equal(
            [$"{3 * PostgresBatch.MaximumCells}"],
            await _database.QueryAsync("select count(*) from viewsByTitleAggregation where view_count = 1"));

        static List<KeyCount> Many(int number) =>
            [.. Enumerable.Range(0, PostgresBatch.MaximumCells).Select(index => Cell($"{number}/{index}", Later, 1))];
    }

    [Fact]
    public async Task A_snapshot_shows_rows_and_counts_of_one_moment_however_much_is_stored_meanwhile()
    {
        var first = _history.After(await _history.TakeOverAsync(Store));
        var second = _history.After(first.Next);
        await ResultsAsync(first);

        await using var snapshot = await Store.ReadSnapshotAsync(CancellationToken.None);
        Assert.Equal([StatementResult.Stored], await ResultsAsync(second));
        var counts = await ReadAsync(snapshot);

        Assert.Equal(1 + (3 * 16) + 4, snapshot.Buckets.Count);
        Assert.Equal(first.Next, snapshot.Buckets[_history.Bucket].Checkpoint);
        Assert.Equal((first.Positions, first.Balance), (snapshot.Buckets[_history.Bucket].Positions, snapshot.Buckets[_history.Bucket].Balance));
        Assert.Equal(first.Counts.ToHashSet(), counts.ToHashSet());
        Assert.Equal([first, second], await _history.StoredAsync());
    }

    [Fact]
    public async Task Progress_is_the_least_position_of_all_buckets_and_nothing_where_one_has_no_row()
    {
        const string Stream = "cluster/topic/id";
        await _database.QueryAsync($"update pulse_bucket set positions = '{Stream} - 30 7'");
        await _database.QueryAsync($"update pulse_bucket set positions = '{Stream} - 20@3 9\nolder 50' where bucket = 2");
        Assert.Equal([0, 20, 7, 0], await ProgressAsync());
        Assert.Equal(0, (await Store.ReadProgressAsync("cluster/topic/another", CancellationToken.None))[1]);

        await _database.QueryAsync($"update pulse_bucket set positions = '{Stream} - 40' where bucket = 2");
        Assert.Equal([0, 30, 0, 0], await ProgressAsync());

        await _database.QueryAsync("delete from pulse_bucket where bucket = 3");
        Assert.Equal([0, 0, 0, 0], await ProgressAsync());

        async Task<List<long>> ProgressAsync()
        {
            var stored = await Store.ReadProgressAsync(Stream, CancellationToken.None);
            return [.. Enumerable.Range(0, 4).Select(partition => stored[partition])];
        }
    }

    [Fact]
    public async Task Progress_of_positions_that_can_not_be_read_is_refused()
    {
        var first = _history.After(await _history.TakeOverAsync(Store)) with { Positions = "cluster/topic/id seven" };
        await ResultsAsync(first);

        var fault = await Assert.ThrowsAsync<StorageException>(
            () => Store.ReadProgressAsync("cluster/topic/id", CancellationToken.None));

        Assert.Contains("'seven' is no position", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_snapshot_reads_the_windows_from_one_to_before_another_in_order()
    {
        var first = _history.After(await _history.TakeOverAsync(Store)) with
        {
            Counts = [Cell("B", Later, 1), Cell("A", Later, 2), Cell("A", Early, 3), Cell("Z", Early, 4)],
        };
        await ResultsAsync(first);
        await using var snapshot = await Store.ReadSnapshotAsync(CancellationToken.None);

        Assert.Equal([Cell("A", Early, 3), Cell("Z", Early, 4)], await ReadAsync(snapshot, Early, Later));
        Assert.Equal([Cell("A", Later, 2), Cell("B", Later, 1)], await ReadAsync(snapshot, Later, new Window(Later.EndUnixSeconds + 1)));
        Assert.Equal(4, (await ReadAsync(snapshot)).Count);
    }

    [Fact]
    public async Task What_is_cancelled_says_so_and_not_that_storage_is_away()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var first = _history.After(await _history.TakeOverAsync(Store));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.StoreAsync([first], null, cancelled.Token));

        Assert.Empty(await _history.StoredAsync());
    }

    private static KeyCount Cell(string title, Window window, long count) => new(new RollupKey(title, "2"), window, count);

    private async Task<StatementResult[]> ResultsAsync(params CheckpointStatement[] statements) =>
        [.. (await Store.StoreAsync(statements, null, CancellationToken.None)).Select(outcome => outcome.Result)];

    private async Task<CheckpointId> CheckpointAsync() =>
        (await Store.ReadCheckpointsAsync([_history.Bucket], CancellationToken.None))[_history.Bucket];

    private static Task<List<KeyCount>> ReadAsync(StorageSnapshot snapshot) =>
        ReadAsync(snapshot, Early, new Window(Later.EndUnixSeconds + 1));

    private static async Task<List<KeyCount>> ReadAsync(StorageSnapshot snapshot, Window from, Window before)
    {
        var counts = new List<KeyCount>();
        await foreach (var count in snapshot.ReadAsync(CheckpointDatabase.Titles, from, before, CancellationToken.None))
            counts.Add(count);
        return counts;
    }
}
