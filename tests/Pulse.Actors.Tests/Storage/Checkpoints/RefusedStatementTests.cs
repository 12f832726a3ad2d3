using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

public sealed class SqliteRefusedStatementTests(PostgresFixture postgres) : RefusedStatementTests(StorageKind.Sqlite, postgres)
{
    [Theory]
    [InlineData(
        "create trigger refuse before insert on viewsByTitleAggregation when new.content_name like 'own%' begin select raise(abort, 'no own'); end",
        "no own",
        "drop trigger refuse")]
    [InlineData(
        "alter table viewsByTitleAggregation rename to aside", "no such table: viewsByTitleAggregation", "alter table aside rename to viewsByTitleAggregation")]
    [InlineData(
        "alter table viewsByTitleAggregation rename column language to tongue", "no column named language",
        "alter table viewsByTitleAggregation rename column tongue to language")]
    [InlineData(
        "create unique index narrow on viewsByTitleAggregation (language)", "UNIQUE constraint failed: viewsByTitleAggregation.language",
        "drop index narrow")]
    public Task What_a_file_refuses(string damage, string reason, string mend) => RefusesAsync(damage, reason, mend);
}

public sealed class PostgresRefusedStatementTests(PostgresFixture postgres) : RefusedStatementTests(StorageKind.Postgres, postgres)
{
    [Theory]
    [InlineData(
        "alter table viewsByTitleAggregation add constraint no_own check (content_name not like 'own%')",
        "constraint no_own; Failing row contains (own 0, 1, 1, ", "alter table viewsByTitleAggregation drop constraint no_own")]
    [InlineData(
        "alter table viewsByTitleAggregation alter column content_name type varchar(5)", "22001",
        "alter table viewsByTitleAggregation alter column content_name type text")]
    [InlineData(
        "alter table viewsByTitleAggregation add column demanded text not null", "23502",
        "alter table viewsByTitleAggregation drop column demanded")]
    [InlineData(
        "alter table viewsByTitleAggregation alter column view_count type smallint; "
        + "insert into viewsByTitleAggregation values ('shared', '1', 32767, '2026-01-01 00:05:00')", "smallint out of range",
        "delete from viewsByTitleAggregation; alter table viewsByTitleAggregation alter column view_count type bigint")]
    [InlineData(
        "alter table viewsByTitleAggregation rename to aside", "relation \"viewsbytitleaggregation\" does not exist",
        "alter table aside rename to viewsByTitleAggregation")]
    [InlineData(
        "alter table viewsByTitleAggregation rename column language to tongue", "column \"language\"",
        "alter table viewsByTitleAggregation rename column tongue to language")]
    [InlineData(
        "alter table viewsByTitleAggregation rename constraint viewsbytitleaggregation_pkey to kept; "
        + "alter table viewsByTitleAggregation drop constraint kept", "42P10",
        "alter table viewsByTitleAggregation add primary key (content_name, language, window_end_utctime)")]
    [InlineData(
        "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no own'; end $$; "
        + "create trigger refuse before insert on viewsByTitleAggregation for each row execute function refuse()", "no own",
        "drop trigger refuse on viewsByTitleAggregation")]
    public Task What_a_server_refuses(string damage, string reason, string mend) => RefusesAsync(damage, reason, mend);

    [Theory]
    [InlineData("")]
    [InlineData(";Auto Prepare Min Usages=1")]
    [InlineData(";Max Auto Prepare=0")]
    public async Task Sessions_stay_in_step_however_often_a_text_is_refused_while_it_is_prepared(string settings)
    {
        // A character that the database can't have is refused after the statement was prepared and before it was described.
        var store = await Database.OpenAsync(Database.Options.ConnectionString + settings);
        var (good, bad) = (new BucketHistory(Database, 0), new BucketHistory(Database, 1));
        var (previous, refused) = (await good.TakeOverAsync(store), bad.After(await bad.TakeOverAsync(store)));
        refused = refused with { Counts = [new KeyCount(new RollupKey("\0", "1"), BucketHistory.Window, 1)] };
        var made = new List<CheckpointStatement>();
        for (var round = 0; round < 24; round++)
        {
            var (before, behind) = (good.After(previous), (CheckpointStatement?)null);
            made.Add(before);
            made.Add(behind = good.After(before.Next));
            previous = behind.Next;

            // By itself, it leaves a connection behind on which the driver believes that the statement has no result.
            Assert.Equal(StatementResult.Refused, Assert.Single(await store.StoreAsync([refused], null, CancellationToken.None)).Result);
            var first = round % 2;
            var outcomes = await store.StoreAsync(first == 0 ? [refused, before, behind] : [before, refused, behind], null, CancellationToken.None);

            Assert.Equal(StatementResult.Refused, outcomes[first].Result);
            Assert.Contains("22021", outcomes[first].Fault!.Message, StringComparison.Ordinal);
            Assert.All(outcomes.Where(outcome => outcome != outcomes[first]), outcome =>
                Assert.True(outcome.Result is StatementResult.Stored or StatementResult.NotStored, outcome.Fault?.Message));
            Assert.Equal(previous, (await store.ReadCheckpointsAsync([good.Bucket], CancellationToken.None))[good.Bucket]);
        }

        Assert.Equal(made, await good.StoredAsync());
        Assert.Empty(await bad.StoredAsync());
    }

    [Fact]
    public async Task What_can_not_be_written_down_is_no_answer_of_the_database()
    {
        var history = new BucketHistory(Database, 1);
        var statement = history.After(await history.TakeOverAsync(Store)) with
        {
            Counts = [new KeyCount(new RollupKey("half a character: \ud800", "1"), BucketHistory.Window, 1)],
        };

        await Assert.ThrowsAnyAsync<ArgumentException>(() => Store.StoreAsync([statement], null, CancellationToken.None));

        Assert.Empty(await history.StoredAsync());
    }

    [Fact]
    public async Task An_answer_of_another_type_leaves_the_outcome_to_the_row()
    {
        var history = new BucketHistory(Database, 1);
        var statement = history.After(await history.TakeOverAsync(Store));
        await Database.QueryAsync("alter table viewsByTitleAggregation alter column view_count type double precision");

        var outcome = Assert.Single(await Store.StoreAsync([statement], new Window(0), CancellationToken.None));

        Assert.Equal(StatementResult.Unknown, outcome.Result);
        Assert.Contains("can't use what the database answered", outcome.Fault!.Message, StringComparison.Ordinal);
        Assert.Equal(statement.Next, (await Store.ReadCheckpointsAsync([history.Bucket], CancellationToken.None))[history.Bucket]);
    }
}

/// <summary>What a database refuses for the sake of a row or a table, in one bucket, beside buckets that it stores.</summary>
public abstract class RefusedStatementTests(StorageKind kind, PostgresFixture postgres) : IAsyncLifetime
{
    private CheckpointDatabase _database = null!;

    private protected CheckpointDatabase Database => _database;

    private protected ICheckpointStore Store => _database.Store;

    public async ValueTask InitializeAsync() => _database = await CheckpointDatabase.CreateAsync(kind, postgres);

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
            await _database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task RefusesAsync(string damage, string reason, string mend)
    {
        var history = new BucketHistory(_database, 1);
        var refused = history.After(await history.TakeOverAsync(Store));
        var others = await Task.WhenAll(OfGendersAsync(2), OfGendersAsync(7));
        await _database.QueryAsync(damage);

        var outcomes = await Store.StoreAsync([others[0], refused, others[1]], null, CancellationToken.None);

        Assert.Equal(StatementResult.Refused, outcomes[1].Result);
        Assert.Contains(reason, outcomes[1].Fault!.Message, StringComparison.Ordinal);
        Assert.StartsWith(Store.Description, outcomes[1].Fault!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', outcomes[1].Fault!.Message);
        Assert.False(outcomes[1].Fault!.IsTransient);
        // One behind it was executed with it where the driver discards its result, and its row tells.
        var stored = await Store.ReadCheckpointsAsync([.. others.Select(each => each.Bucket)], CancellationToken.None);
        Assert.All(others, each => Assert.Equal(each.Next, stored[each.Bucket]));

        await _database.QueryAsync(mend);

        Assert.Equal(StatementResult.Stored, Assert.Single(await Store.StoreAsync([refused], null, CancellationToken.None)).Result);
        Assert.Equal([refused], await history.StoredAsync());
    }

    private async Task<CheckpointStatement> OfGendersAsync(int number)
    {
        var bucket = new BucketId(CheckpointDatabase.Genders.Name, number);
        var row = (await Store.TakeOverAsync([bucket], CancellationToken.None))[bucket];
        return new CheckpointStatement(
            bucket, row.Checkpoint, new CheckpointId(Guid.NewGuid()), "", new Balance(1, 0, 0, 0, 1),
            [new KeyCount(new RollupKey("Female", $"{number}"), BucketHistory.Window, 1)], []);
    }
}
