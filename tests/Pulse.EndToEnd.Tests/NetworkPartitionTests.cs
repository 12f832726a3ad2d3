using System.Globalization;
using Npgsql;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>
/// Three nodes on a network of their own, of which one is cut off while events flow: the minority ends itself, the
/// majority goes on, and after all is healed the counts equal the truth.
/// </summary>
[Collection(Alone.Name)]
public sealed class NetworkPartitionTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private const int Nodes = 3;
    private const int Events = 60_000;
    private const int Rate = 1_000;
    private const int RemotingPort = 4053;
    private const int HttpPort = 8080;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(2);
    private readonly TestDirectory _directory = new();

    [Theory]
    // The worst case: the oldest node, with all coordinators, goes on reading Kafka and writing Postgres as if alone.
    [InlineData(1, true)]
    [InlineData(3, false)]
    public async Task A_node_that_is_cut_off_ends_itself_and_nothing_is_lost_or_counted_twice(int cut, bool keepsItsServers)
    {
        if (!keepsItsServers)
            LongForm.Require();
        var objection = await NetworkNamespaces.ObjectionAsync();
        Assert.SkipWhen(objection is not null, objection ?? "");
        await using var namespaces = await NetworkNamespaces.CreateAsync(Nodes);
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        int[] ports =
        [
            int.Parse(kafka.BootstrapServers.Split(':')[1], CultureInfo.InvariantCulture),
            new NpgsqlConnectionStringBuilder(database).Port,
        ];
        var relays = Enumerable.Range(1, Nodes)
            .ToDictionary(node => node, node => ports.Select(port => namespaces.RelayTo(node, port)).ToArray());

        await using var first = Start(namespaces, stream, database, 1);
        await UpAsync([first], 1);
        await using var second = Start(namespaces, stream, database, 2);
        await using var third = Start(namespaces, stream, database, 3);
        PulseProcess[] nodes = [first, second, third];
        await UpAsync(nodes, Nodes);
        await using var simulator = stream.Produce(
            _directory, _directory["truth.json"], "--events", $"{Events}", "--rate", $"{Rate}", "--seed", "7");
        foreach (var node in nodes)
            await node.ConsumedAsync(1_000, Limit);

        await namespaces.CutAsync(cut);
        if (!keepsItsServers)
            Array.ForEach(relays[cut], relay => relay.Cut());
        Assert.Equal(1, await nodes[cut - 1].ExitAsync(Limit));
        Assert.Contains(
            nodes[cut - 1].Errors, line => line.StartsWith("The other nodes could not reach this one", StringComparison.Ordinal));
        nodes[cut - 1].AssertNoStackTrace();
        var majority = nodes.Where((_, index) => index != cut - 1).ToList();
        await UpAsync(majority, Nodes - 1);
        Assert.True(stream.Committed() < Events, "The node was gone only after all events; produce more of them.");

        await namespaces.HealAsync(cut);
        Array.ForEach(relays[cut], relay => relay.Heal());
        await using var again = Start(namespaces, stream, database, cut);
        await UpAsync([.. majority, again], Nodes);

        Assert.Equal(0, await simulator.ExitAsync(Limit));
        await Eventually.HoldsAsync("everything committed", Limit, () => Task.FromResult(stream.Committed() == Events));
        RollupCounts.AssertEqual(
            RollupCounts.Of(stream.Judge()), await ResultTables.OfPostgres(database).ReadAsync());
    }

    public void Dispose() => _directory.Dispose();

    private PulseProcess Start(NetworkNamespaces namespaces, TestStream stream, string database, int node)
    {
        var environment = stream.Environment(database, Often);
        environment["Pulse__Cluster__Hostname"] = NetworkNamespaces.AddressOf(node);
        environment["Pulse__Cluster__Port"] = $"{RemotingPort}";
        environment["Pulse__Cluster__SeedNodes__0"] = $"{NetworkNamespaces.AddressOf(1)}:{RemotingPort}";
        environment["Pulse__Cluster__SeedNodes__1"] = $"{NetworkNamespaces.AddressOf(2)}:{RemotingPort}";
        environment["Pulse__Cluster__SeedNodeTimeout"] = "00:00:05";
        return PulseProcess.Host(
            _directory, environment, namespaces.Of(node), namespaces.ClientOf(node),
            "run", "--port", $"{HttpPort}", "--data", $"data-{node}");
    }

    /// <summary>Waits until these nodes, and nobody else, are the cluster and read everything.</summary>
    private static Task UpAsync(IReadOnlyCollection<PulseProcess> nodes, int members) => Eventually.HoldsAsync(
        $"{members} members read all partitions", Limit, async () =>
        {
            var statuses = new List<NodeStatus>();
            foreach (var node in nodes)
                statuses.Add(await node.StatusAsync());
            return statuses.All(status => status.Members.Count == members && status.Members.All(member => member.Status == "Up"))
                && statuses.SelectMany(status => status.PartitionsHere).DistinctBy(partition => partition.Partition).Count()
                    == TestStream.Partitions;
        });
}
