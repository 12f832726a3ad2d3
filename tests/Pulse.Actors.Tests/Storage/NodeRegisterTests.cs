using Pulse.Actors.Storage;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

public sealed class SqliteNodeRegisterTests(PostgresFixture postgres) : NodeRegisterTests(StorageKind.Sqlite, postgres);

public sealed class PostgresNodeRegisterTests(PostgresFixture postgres) : NodeRegisterTests(StorageKind.Postgres, postgres);

/// <summary>One row for each node that runs.</summary>
public abstract class NodeRegisterTests(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    [Fact]
    public async Task A_node_has_one_row_however_often_it_renews_it_and_starts_again()
    {
        var nodes = (await Storage.OpenPreparedAsync()).Nodes;
        await nodes.RenewAsync("one:4053", 7, CancellationToken.None);
        await nodes.RenewAsync("two:4053", -8, CancellationToken.None);
        await Storage.QueryAsync($"update pulse_node set cluster = 'member', seen = {Ago(2)} where address = 'one:4053'");
        await nodes.RenewAsync("one:4053", 9, CancellationToken.None);

        Assert.Equal(["one:4053|9|member|", "two:4053|-8||"], await RowsAsync());
        Assert.Equal(["2"], await Storage.QueryAsync($"select count(*) from pulse_node where seen > {Ago(1)}"));
    }

    [Fact]
    public async Task Rows_of_nodes_that_are_long_gone_are_removed()
    {
        var nodes = (await Storage.OpenPreparedAsync()).Nodes;
        foreach (var (address, minutes) in ((string, int)[])[("gone:1", 11), ("late:1", 9)])
        {
            await nodes.RenewAsync(address, 1, CancellationToken.None);
            await Storage.QueryAsync($"update pulse_node set seen = {Ago(minutes)} where address = '{address}'");
        }

        await nodes.RenewAsync("one:4053", 7, CancellationToken.None);

        Assert.Equal(["late:1|1||", "one:4053|7||"], await RowsAsync());
    }

    [Fact]
    public async Task A_node_that_leaves_removes_its_row_and_not_its_successor_s()
    {
        var nodes = (await Storage.OpenPreparedAsync()).Nodes;
        await nodes.RenewAsync("one:4053", 7, CancellationToken.None);
        await nodes.RemoveAsync("one:4053", 6, CancellationToken.None);
        Assert.Single(await RowsAsync());

        await nodes.RemoveAsync("one:4053", 7, CancellationToken.None);

        Assert.Empty(await RowsAsync());
    }

    private string Ago(int minutes) =>
        Kind == StorageKind.Postgres ? $"now() - interval '{minutes} minutes'" : $"datetime('now', '-{minutes} minutes')";

    private Task<IReadOnlyList<string>> RowsAsync() =>
        Storage.QueryAsync("select address, incarnation, cluster, unreachable from pulse_node order by address");
}
