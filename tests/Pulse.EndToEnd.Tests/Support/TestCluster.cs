using Npgsql;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>The nodes of one cluster, as processes, which read one stream and store in one PostgreSQL database.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly List<PulseProcess> _nodes = [];

    /// <summary>The nodes, by number.</summary>
    public IReadOnlyList<PulseProcess> Nodes => _nodes;

    /// <summary>How a node's sessions are called in the database.</summary>
    public static string ApplicationOf(int number) => FormattableString.Invariant($"pulse-node-{number}");

    /// <summary>Starts the nodes, and waits until all are members.</summary>
    /// <param name="directory">Where they keep their files.</param>
    /// <param name="stream">What they read.</param>
    /// <param name="database">Where they store.</param>
    /// <param name="nodes">How many there are.</param>
    /// <param name="checkpointInterval">Null for what nodes take by themselves.</param>
    public static async Task<TestCluster> StartAsync(
        TestDirectory directory, TestStream stream, string database, int nodes = 3, TimeSpan? checkpointInterval = null)
    {
        var cluster = new TestCluster();
        var ports = FreePorts.Take(nodes);
        try
        {
            for (var number = 0; number < nodes; number++)
            {
                var own = new NpgsqlConnectionStringBuilder(database) { ApplicationName = ApplicationOf(number) };
                cluster._nodes.Add(PulseProcess.Host(
                    directory, stream.Environment(own.ConnectionString, checkpointInterval, ports, number),
                    "run", "--port", "0", "--data", ApplicationOf(number)));
            }

            await MembersAsync(nodes, cluster.Nodes);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until each of some nodes sees so many members, all of them up.</summary>
    public static Task MembersAsync(int count, IEnumerable<PulseProcess> seenBy) => Eventually.HoldsAsync(
        $"the cluster has {count} nodes",
        Limit,
        async () => (await Task.WhenAll(seenBy.Select(node => node.StatusAsync())))
            .All(status => status.Members.Count == count && status.Members.All(member => member.Status == "Up")),
        TimeSpan.FromMilliseconds(200));

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
    }
}
