using Akka.Actor;
using Pulse.Actors.Storage;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

public sealed class SqlitePersistenceTests(PostgresFixture postgres) : PersistenceTests(StorageKind.Sqlite, postgres);

public sealed class PostgresPersistenceTests(PostgresFixture postgres) : PersistenceTests(StorageKind.Postgres, postgres);

/// <summary>What the coordinator relies on in Akka.Persistence.Sql over the node's own connections, on either database.</summary>
public abstract class PersistenceTests(StorageKind kind, PostgresFixture postgres) : IAsyncLifetime
{
    private const string Id = "coordinator";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly List<ActorSystem> _nodes = [];
    private TestStorage _storage = null!;

    public async ValueTask InitializeAsync() =>
        _storage = await TestStorage.CreatePreparedAsync(kind, postgres);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.Terminate();
        if (_storage is not null)
            await _storage.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task An_actor_recovers_from_its_snapshot_and_the_events_after_it()
    {
        var first = Start(Node());
        for (var number = 1; number <= 3; number++)
            await AskAsync(first, new Notebook.Write($"line {number}"));
        await AskAsync(first, Notebook.SaveSnapshot.Instance);
        await AskAsync(first, new Notebook.Write("line 4"));

        var second = Start(Node());
        Assert.Equal("line 1, line 2, line 3, line 4", await AskAsync(second, Notebook.Read.Instance));
        Assert.Equal(["3"], await _storage.QueryAsync($"select sequence_number from {PersistenceConfiguration.SnapshotTable}"));
        Assert.Equal(["4"], await _storage.QueryAsync($"select count(*) from {PersistenceConfiguration.JournalTable}"));
    }

    [Fact]
    public async Task A_second_incarnation_s_stale_write_is_refused_and_stops_it()
    {
        var stale = Start(Node());
        await AskAsync(stale, new Notebook.Write("line 1"));
        var current = Start(Node());
        await AskAsync(current, new Notebook.Write("line 2"));

        await AssertRefusedAsync(stale, "a ghost's line 2");

        await AskAsync(current, new Notebook.Write("line 3"));
        Assert.Equal("line 1, line 2, line 3", await AskAsync(Start(Node()), Notebook.Read.Instance));
    }

    /// <summary>
    /// Events carry a name of the node that wrote them, not of the actor's incarnation; Akka's replay filter takes what a
    /// node wrote after another one for a zombie's.
    /// </summary>
    [Fact]
    public async Task An_actor_that_came_back_to_a_node_keeps_what_it_wrote_there()
    {
        var (here, there) = (Node(), Node());
        await AskAsync(Start(here), new Notebook.Write("line 1"));
        await AskAsync(Start(there), new Notebook.Write("line 2"));
        await AskAsync(Start(here), new Notebook.Write("line 3"));

        Assert.Equal("line 1, line 2, line 3", await AskAsync(Start(there), Notebook.Read.Instance));
    }

    [Fact]
    public async Task The_events_that_are_kept_fence_an_incarnation_that_is_that_far_behind()
    {
        var stale = Start(Node());
        await AskAsync(stale, new Notebook.Write("line 1"));
        var current = Start(Node());
        for (var number = 2; number <= 6; number++)
            await AskAsync(current, new Notebook.Write($"line {number}"));
        await AskAsync(current, new Notebook.DeleteTo(1));

        await AssertRefusedAsync(stale, "a ghost's line 2");
    }

    /// <summary>
    /// Not a wish but a warning: deleting frees the sequence numbers for reuse. If this fails, the library has become better,
    /// and the remark on the configuration can go.
    /// </summary>
    [Fact]
    public async Task Deleted_events_fence_nothing()
    {
        var stale = Start(Node());
        await AskAsync(stale, new Notebook.Write("line 1"));
        var current = Start(Node());
        for (var number = 2; number <= 6; number++)
            await AskAsync(current, new Notebook.Write($"line {number}"));
        await AskAsync(current, new Notebook.DeleteTo(5));

        Assert.Equal(
            ["5|True", "6|False"],
            (await _storage.QueryAsync($"select sequence_number, deleted from {PersistenceConfiguration.JournalTable} "
                + "order by sequence_number"))
                .Select(row => row.Replace("|1", "|True", StringComparison.Ordinal).Replace("|0", "|False", StringComparison.Ordinal)));
        await AskAsync(stale, new Notebook.Write("a ghost's line 2"));
    }

    [Fact]
    public async Task Many_actors_persist_at_once()
    {
        var node = Node();
        var actors = Enumerable.Range(0, 100).Select(number => Start(node, $"actor-{number}")).ToList();
        for (var round = 1; round <= 3; round++)
            await Task.WhenAll(actors.Select(actor => AskAsync(actor, new Notebook.Write($"round {round}"))));
        Assert.Equal(["300"], await _storage.QueryAsync($"select count(*) from {PersistenceConfiguration.JournalTable}"));
    }

    [Fact]
    public async Task No_table_of_tags_is_made()
    {
        await AskAsync(Start(Node()), new Notebook.Write("line 1"));
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => _storage.QueryAsync("select * from tags"));
    }

    private async Task AssertRefusedAsync(IActorRef stale, string line)
    {
        var failure = await stale.Ask<Status.Failure>(new Notebook.Write(line), Limit);
        Assert.Contains("unique", failure.Cause.ToString(), StringComparison.OrdinalIgnoreCase);
        await stale.WatchAsync().WaitAsync(Limit);
    }

    private static async Task<string> AskAsync(IActorRef actor, object question) =>
        await actor.Ask<object>(question, Limit) switch
        {
            string answer => answer,
            Status.Failure failure => throw new InvalidOperationException("Not stored.", failure.Cause),
            var other => throw new InvalidOperationException($"Unexpected {other}."),
        };

    private ActorSystem Node()
    {
        var node = PersistentSystem.Start(_storage.Open());
        _nodes.Add(node);
        return node;
    }

    private static IActorRef Start(ActorSystem node, string id = Id) =>
        node.ActorOf(Props.Create(() => new Notebook(id)));
}
