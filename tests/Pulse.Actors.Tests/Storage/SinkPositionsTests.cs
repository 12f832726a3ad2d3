using System.Globalization;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

public sealed class SqliteSinkPositionsTests(PostgresFixture postgres) : SinkPositionsTests(StorageKind.Sqlite, postgres);

public sealed class PostgresSinkPositionsTests(PostgresFixture postgres) : SinkPositionsTests(StorageKind.Postgres, postgres);

/// <summary>How far sinks have come, in the database.</summary>
public abstract class SinkPositionsTests(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    private const string Stream = "cluster/netflix-event/id";

    [Fact]
    public async Task In_an_empty_database_a_sink_stands_at_the_start_of_everything()
    {
        var node = await Storage.OpenPreparedAsync();

        Assert.Empty(await ReadAsync(node));
        Assert.Empty(await Storage.QueryAsync("select * from pulse_sink"));
    }

    [Fact]
    public async Task What_is_stored_is_read_of_its_own_sink_and_stream()
    {
        var node = await Storage.OpenPreparedAsync();

        await StoreAsync(node, (Stream, 0, 5), (Stream, 7, 5_000_000_000), ("cluster/other", 0, 3));
        await node.Sinks.StoreAsync("another", [new(new StreamPartition(Stream, 0), 9)], CancellationToken.None);

        Assert.Equal([(0, 5L), (7, 5_000_000_000L)], await ReadAsync(node));
    }

    [Fact]
    public async Task Positions_only_grow_so_that_a_node_that_slept_does_no_harm()
    {
        var (node, zombie) = (await Storage.OpenPreparedAsync(), await Storage.OpenPreparedAsync());
        await StoreAsync(node, (Stream, 0, 50), (Stream, 1, 50));

        await StoreAsync(zombie, (Stream, 0, 40), (Stream, 1, 60));

        Assert.Equal([(0, 50L), (1, 60L)], await ReadAsync(node));
    }

    [Fact]
    public async Task Nodes_that_store_the_same_positions_at_once_do_not_hold_each_other_up()
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Storage.OpenPreparedAsync()));

        await Task.WhenAll(Enumerable.Range(1, 20).Select(round => StoreAsync(
            nodes[round % nodes.Length],
            [.. Enumerable.Range(0, 200).OrderBy(partition => (partition * round) % 199).Select(partition => (Stream, partition, (long)round))])));

        var stored = await ReadAsync(nodes[0]);
        Assert.Equal(200, stored.Count);
        Assert.All(stored, each => Assert.Equal(20, each.Position));
    }

    [Fact]
    public async Task A_database_that_counted_before_it_had_sinks_begins_where_its_dead_letters_were_sent_up_to()
    {
        await Storage.OpenPreparedAsync();
        await GoBackAsync();
        // No bucket stands beyond a bad record that the earlier version had not delivered.
        await Storage.QueryAsync($"update pulse_bucket set positions = '{Stream} 10@1 - 7' where bucket = 0");
        await Storage.QueryAsync($"update pulse_bucket set positions = 'cluster/old 4\n{Stream} 12@1 3' where bucket = 1 and version = 1");

        var node = await Storage.OpenPreparedAsync();

        Assert.Equal([(0, 12L), (1, 3L), (2, 7L)], await ReadAsync(node));
        Assert.Equal(["4"], await Storage.QueryAsync("select position from pulse_sink where stream = 'cluster/old'"));
        Assert.Equal(
            [SchemaStep.All[^1].Number.ToString(CultureInfo.InvariantCulture)],
            await Storage.QueryAsync("select max(step) from pulse_schema"));
    }

    [Fact]
    public async Task Of_nodes_that_start_at_once_in_such_a_database_all_go_on()
    {
        await Storage.OpenPreparedAsync();
        await GoBackAsync();
        await Storage.QueryAsync($"update pulse_bucket set positions = '{Stream} 10@1'");

        var nodes = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Storage.OpenPreparedAsync()));

        Assert.Equal([(0, 10L)], await ReadAsync(nodes[4]));
    }

    [Fact]
    public async Task Positions_that_can_t_be_read_are_refused_in_a_line_and_the_database_stays_as_it_was()
    {
        await Storage.OpenPreparedAsync();
        await GoBackAsync();
        await Storage.QueryAsync("update pulse_bucket set positions = 'stream one' where bucket = 1");

        var fault = await Assert.ThrowsAsync<StorageException>(() => Storage.OpenPreparedAsync());

        Assert.Contains("in table pulse_bucket can't be read", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Restore the whole database from a backup", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["2"], await Storage.QueryAsync("select max(step) from pulse_schema"));
    }

    // What the version before sinks has left.
    private async Task GoBackAsync()
    {
        foreach (var table in (string[])["pulse_sink", "pulse_action", "pulse_stream", "pulse_cut", "pulse_node"])
            await Storage.QueryAsync($"drop table {table}");
        await Storage.QueryAsync("alter table pulse_gap drop column kind");
        await Storage.QueryAsync("delete from pulse_schema where step > 2");
    }

    private static Task StoreAsync(NodeStorage node, params (string Stream, int Partition, long Position)[] positions) =>
        node.Sinks.StoreAsync(
            SinkPositions.DeadLetters,
            [.. positions.Select(each => KeyValuePair.Create(new StreamPartition(each.Stream, each.Partition), each.Position))],
            CancellationToken.None);

    private static async Task<List<(int Partition, long Position)>> ReadAsync(NodeStorage node)
    {
        var read = await node.Sinks.ReadAsync(SinkPositions.DeadLetters, Stream, CancellationToken.None);
        return [.. read.OrderBy(each => each.Key).Select(each => (each.Key, each.Value))];
    }
}
