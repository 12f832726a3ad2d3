using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Actions;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Actions;

public sealed class SqliteActionLogTests(PostgresFixture postgres) : ActionLogTests(StorageKind.Sqlite, postgres);

public sealed class PostgresActionLogTests(PostgresFixture postgres) : ActionLogTests(StorageKind.Postgres, postgres);

/// <summary>What operators did is kept, and read page by page.</summary>
public abstract class ActionLogTests(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    [Fact]
    public async Task It_is_read_newest_first_and_page_by_page()
    {
        var node = await Storage.OpenPreparedAsync();
        for (var number = 1; number <= 5; number++)
            await AddAsync(node, "ann@host", $"act {number}");

        var newest = await node.Actions.ReadAsync(2, null, CancellationToken.None);
        var next = await node.Actions.ReadAsync(10, newest[^1].Number, CancellationToken.None);

        Assert.Equal(["act 5", "act 4"], newest.Select(action => action.What));
        Assert.Equal(["act 3", "act 2", "act 1"], next.Select(action => action.What));
        Assert.All(next, action => Assert.Equal(DateTimeKind.Utc, action.AtUtc.Kind));
    }

    [Fact]
    public async Task Long_words_are_cut_and_lines_become_one()
    {
        var node = await Storage.OpenPreparedAsync();

        await AddAsync(node, new string('w', 5_000), "one\r\ntwo " + new string('x', 5_000));

        var action = Assert.Single(await node.Actions.ReadAsync(10, null, CancellationToken.None));
        Assert.Equal((200, 2_000), (action.Who.Length, action.What.Length));
        Assert.StartsWith("one two xxx", action.What, StringComparison.Ordinal);
        Assert.EndsWith("x…", action.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_act_that_fails_leaves_no_row()
    {
        var node = await Storage.OpenPreparedAsync();

        await Assert.ThrowsAsync<StorageException>(() => node.Sessions.RunAloneAsync<int>(
            async (connection, token) =>
            {
                await ActionLog.AddAsync(connection, "ann@host", "act", token);
                throw new StorageException("the act failed");
            },
            StorageAddress.CommandTimeout,
            CancellationToken.None));

        Assert.Empty(await node.Actions.ReadAsync(10, null, CancellationToken.None));
    }

    private static Task AddAsync(NodeStorage node, string who, string what) => node.Sessions.RunAloneAsync(
        async (connection, token) =>
        {
            await ActionLog.AddAsync(connection, who, what, token);
            return 0;
        },
        StorageAddress.CommandTimeout,
        CancellationToken.None);
}
