using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Storage.Streams;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Streams;

/// <summary>Positions that get the name of the same stream as the broker gives it from now on.</summary>
public abstract class StreamAdoptionTests(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    protected static readonly CountedStream Before = CountedStream.Parse("one/events");
    protected static readonly CountedStream After = CountedStream.Parse("one/events/A/1");

    protected static CancellationToken Now => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_is_renamed_wherever_it_is_stored_and_elsewhere_nothing_changes()
    {
        var node = await StandingAsync();
        await Storage.QueryAsync(
            "insert into pulse_gap (version, bucket, stream, partition, from_offset, to_offset) values (1, 2, 'one/events', 0, 1, 4)");
        await Storage.QueryAsync("update pulse_version set base = 'one/events 2@1' where version = 1");
        await Storage.QueryAsync("insert into pulse_sink (sink, stream, partition, position) values ('deadLetters', 'one/events', 0, 6)");
        var before = await CheckpointsAsync();
        var buckets = await node.Adoption.ReadAsync(Before, Now);

        Assert.True(await node.Adoption.RenameAsync(Before, After, buckets, Now));

        Assert.Equal(
            [$"2|one/events/A/1 7@1 - 9@2", $"3|embedded-1 5{'\n'}one/events/A/1 8@1 3"],
            await Storage.QueryAsync("select bucket, positions from pulse_bucket where positions <> '' order by version, bucket"));
        Assert.Equal(["one/events/A/1"], await Storage.QueryAsync("select stream from pulse_gap"));
        Assert.Equal(["one/events/A/1|0|6"], await Storage.QueryAsync("select stream, partition, position from pulse_sink"));
        Assert.Equal(["one/events/A/1 2@1"], await Storage.QueryAsync("select base from pulse_version where base <> ''"));
        Assert.Equal([After], await node.ReadStreamsAsync(Now));
        // Each row that was renamed has other content, and no other has.
        Assert.Equal(2, before.Except(await CheckpointsAsync()).Count());
    }

    [Fact]
    public async Task Where_a_row_has_moved_on_since_it_was_looked_at_nothing_is_renamed()
    {
        var node = await StandingAsync();
        var buckets = await node.Adoption.ReadAsync(Before, Now);
        await node.Checkpoints.TakeOverAsync([Bucket(3)], Now);
        var before = await CheckpointsAsync();

        Assert.False(await node.Adoption.RenameAsync(Before, After, buckets, Now));

        Assert.Equal(before, await CheckpointsAsync());
        Assert.Equal([Before], await node.ReadStreamsAsync(Now));
        Assert.True(await node.Adoption.RenameAsync(Before, After, await node.Adoption.ReadAsync(Before, Now), Now));
    }

    [Fact]
    public async Task An_incarnation_that_knew_the_row_by_its_old_name_can_store_nothing_more()
    {
        var node = await StandingAsync();
        var row = (await node.Checkpoints.TakeOverAsync([Bucket(2)], Now))[Bucket(2)];
        Assert.True(await node.Adoption.RenameAsync(Before, After, await node.Adoption.ReadAsync(Before, Now), Now));

        var outcome = Assert.Single(await node.Checkpoints.StoreAsync(
            [new CheckpointStatement(Bucket(2), row.Checkpoint, new CheckpointId(Guid.NewGuid()), "one/events 99@9", default, [], [])], null, Now));

        Assert.Equal(StatementResult.NotStored, outcome.Result);
        Assert.Empty(await Storage.QueryAsync("select 1 from pulse_bucket where positions like '%99@9%'"));
    }

    /// <summary>A database of two buckets that stand somewhere in the stream.</summary>
    protected async Task<NodeStorage> StandingAsync()
    {
        var node = await Storage.OpenPreparedAsync();
        await node.AdmitStreamAsync(Before, Now);
        await Storage.QueryAsync("update pulse_bucket set positions = 'one/events 7@1 - 9@2' where version = 1 and bucket = 2");
        await Storage.QueryAsync($"update pulse_bucket set positions = 'embedded-1 5{'\n'}one/events 8@1 3' where version = 1 and bucket = 3");
        return node;
    }

    private static BucketId Bucket(int number) => new(RollupCatalog.Default.Counted.First().Name, number);

    private Task<IReadOnlyList<string>> CheckpointsAsync() => Storage.QueryAsync(
        $"select version, bucket, {(Kind == StorageKind.Sqlite ? "hex(checkpoint)" : "checkpoint")} from pulse_bucket order by 1, 2");
}

public sealed class SqliteStreamAdoptionTests(PostgresFixture postgres) : StreamAdoptionTests(StorageKind.Sqlite, postgres);

public sealed class PostgresStreamAdoptionTests(PostgresFixture postgres) : StreamAdoptionTests(StorageKind.Postgres, postgres)
{
    [Fact]
    public async Task A_statement_that_holds_a_row_is_waited_for_and_then_nothing_is_renamed()
    {
        var node = await StandingAsync();
        var buckets = await node.Adoption.ReadAsync(Before, Now);
        await using var other = await Checkpoints.OtherSession.OpenAsync(Storage.Options.ConnectionString);
        await other.ExecuteAsync("begin; update pulse_bucket set checkpoint = gen_random_uuid() where version = 1 and bucket = 3");
        var renaming = node.Adoption.RenameAsync(Before, After, buckets, Now);
        await other.WaitingAsync(1);

        await other.ExecuteAsync("commit");

        Assert.False(await renaming);
        Assert.Empty(await Storage.QueryAsync("select 1 from pulse_bucket where positions like '%one/events/A%'"));
    }

    [Fact]
    public async Task A_takeover_waits_for_the_renaming_and_sees_it()
    {
        var node = await StandingAsync();
        await using var other = await Checkpoints.OtherSession.OpenAsync(Storage.Options.ConnectionString);
        await other.ExecuteAsync("begin; select 1 from pulse_bucket where version = 1 and bucket = 3 for update");
        var renaming = node.Adoption.RenameAsync(Before, After, await node.Adoption.ReadAsync(Before, Now), Now);
        await other.WaitingAsync(1);
        var second = new BucketId(RollupCatalog.Default.Counted.First().Name, 2);
        var takeover = node.Checkpoints.TakeOverAsync([second], Now);
        await other.WaitingAsync(2);

        await other.ExecuteAsync("commit");

        Assert.True(await renaming);
        Assert.Equal("one/events/A/1 7@1 - 9@2", (await takeover)[second].Positions);
    }
}
