using System.Diagnostics;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>A node that stops where it is, with a statement under way, and wakes when others have done its work.</summary>
[Collection(Alone.Name)]
public sealed class StoppedNodeTests(KafkaFixture kafka, PostgresFixture postgres, ITestOutputHelper output) : IDisposable
{
    private const int Nodes = 3;
    private const int EventsPerSecond = 2_000;
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(LongForm.IsWanted ? 60 : 0);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task A_node_that_is_stopped_while_its_checkpoint_waits_changes_no_count_when_it_wakes()
    {
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        await using var cluster = await TestCluster.StartAsync(_directory, stream, database, Nodes);
        await using var simulator = stream.Produce(_directory, EventsPerSecond);
        await ExactCounts.CountedAsync(database, 2 * EventsPerSecond, Limit);

        PulseProcess stopped;
        Stopwatch since;
        await using (var bucket = await HeldBucket.OpenAsync(database, "viewsByDeviceGenre"))
        {
            var name = await bucket.WaitingAsync(Limit);
            stopped = cluster.Nodes[Enumerable.Range(0, Nodes).Single(number => TestCluster.ApplicationOf(number) == name)];
            stopped.Pause();
            since = Stopwatch.StartNew();
            await TestCluster.MembersAsync(Nodes - 1, cluster.Nodes.Except([stopped]));
            // The statement of the stopped node is ahead of its successor's, and is executed though nobody waits for it any more.
            var successor = await bucket.WaitingAsync(Limit, except: name);
            output.WriteLine($"{name} is removed after {since.Elapsed.TotalSeconds:N1} s; {successor} waits to take its bucket over.");
        }

        var counted = await ResultTables.OfPostgres(database).CountedAsync();
        await ExactCounts.CountedAsync(database, counted + (2 * EventsPerSecond), Limit);
        // The length of the stop is what is tested.
        if (Shortest - since.Elapsed is { Ticks: > 0 } rest)
            await Task.Delay(rest);
        stopped.Resume();

        Assert.Equal(1, await stopped.ExitAsync(Limit));
        await ExactCounts.AssertAtEndAsync(stream, simulator, database, Limit);
        Assert.All(cluster.Nodes, node => node.AssertNoStackTrace());
    }

    public void Dispose() => _directory.Dispose();
}
