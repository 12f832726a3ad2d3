using Akka.Actor;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

/// <summary>What the parts of a node's storage have in common.</summary>
public sealed class NodeStorageTests(PostgresFixture postgres)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task All_parts_share_few_connections_and_no_one_of_them_has_one_for_itself()
    {
        await using var storage = await TestStorage.CreateAsync(StorageKind.Postgres, postgres);
        var node = await storage.OpenPreparedAsync();
        var rollup = RollupCatalog.BuiltIn[0];
        var writer = new BucketWriter(node, RollupCatalog.Default);
        var system = PersistentSystem.Start(node);
        var actors = Enumerable.Range(0, 20).Select(number => system.ActorOf(Props.Create(() => new Notebook($"actor-{number}")))).ToList();

        await Task.WhenAll(
        [
            .. actors.Select(actor => (Task)actor.Ask<string>(new Notebook.Write("line"), Limit)),
            .. Enumerable.Range(0, 20).Select(_ => node.Results.DatesAsync(rollup, CancellationToken.None)),
            .. Enumerable.Range(0, 20).Select(_ => ReadSnapshotAsync(node)),
            writer.MoveAsync(new StreamPartition("stream", 0), 5),
        ]);

        // Connections stay in their pool, so this is the most that there were.
        var connections = int.Parse(
            Assert.Single(await storage.QueryAsync(
                "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")),
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(connections, 1, 4);
        Assert.Equal(["20"], await storage.QueryAsync($"select count(*) from {PersistenceConfiguration.JournalTable}"));
        await system.Terminate();
    }

    private static async Task ReadSnapshotAsync(NodeStorage node)
    {
        await using var snapshot = await node.Checkpoints.ReadSnapshotAsync(CancellationToken.None);
        Assert.NotEmpty(snapshot.Buckets);
    }
}
