using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests;

/// <summary>A node that finds no cluster says which two things differ, in Pulse's words; nobody has to read Akka's.</summary>
public sealed class ClusterSearchTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly string[] WordsOfAkka = ["Association", "gated", "non-local", "Couldn't join", "akka", "Akka", "Dropping", "Disassociated"];
    private readonly TestDirectory _directory = new();
    private readonly int[] _ports = FreePorts.Take(2);

    [Theory]
    [InlineData("127.0.0.1", "localhost")]
    [InlineData("localhost", "127.0.0.1")]
    public async Task A_seed_that_is_the_node_itself_under_another_name_is_the_node_itself(string hostname, string seed)
    {
        await using var node = Start("one", hostname, _ports[0], $"{seed}:{_ports[0]}");
        await ReadyAsync(node);
        Assert.Contains($"{hostname}:{_ports[0]}", Assert.Single((await node.StatusAsync()).Members).Address, StringComparison.Ordinal);
        AssertNoWordOfAkka(node);
    }

    [Fact]
    public async Task Seeds_that_are_not_there_and_something_else_at_a_seed_s_address_are_named()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var node = Start("one", "127.0.0.1", _ports[0], "127.0.0.1:1", "nosuch.invalid:4053", $"{listener.LocalEndpoint}");
        await FindsNoneAsync(
            node,
            "Pulse:Cluster:SeedNodes:0 is '127.0.0.1:1', where nobody answers",
            "Pulse:Cluster:SeedNodes:1 is 'nosuch.invalid:4053', a name that can't be resolved",
            $"Pulse:Cluster:SeedNodes:2 is '{listener.LocalEndpoint}', where somebody listens who does not answer this node: it is no node of Pulse");
    }

    [Theory]
    [InlineData("127.0.0.1", "localhost")]
    [InlineData("localhost", "127.0.0.1")]
    public async Task A_seed_where_the_node_calls_itself_otherwise_is_named_with_both_names(string hostname, string seed)
    {
        await using var one = Start("one", hostname, _ports[0], $"{hostname}:{_ports[0]}");
        await ReadyAsync(one);
        await using var other = Start("other", "127.0.0.1", _ports[1], $"{seed}:{_ports[0]}");
        await FindsNoneAsync(other, $"Pulse:Cluster:SeedNodes:0 is '{seed}:{_ports[0]}'", $"calls itself '{hostname}:{_ports[0]}'");
        AssertNoWordOfAkka(one);
    }

    [Fact]
    public async Task A_node_that_waits_for_its_seed_joins_when_that_comes()
    {
        await using var other = Start("other", "127.0.0.1", _ports[1], $"127.0.0.1:{_ports[0]}");
        await FindsNoneAsync(other, "nobody answers");
        await using var one = Start("one", "127.0.0.1", _ports[0], $"127.0.0.1:{_ports[0]}");
        await other.LineAsync("This node has found the cluster.", Limit);
        await TestCluster.MembersAsync(2, [one, other]);
        AssertNoWordOfAkka(one);
        AssertNoWordOfAkka(other);
    }

    [Fact]
    public async Task A_node_whose_seed_hangs_joins_when_that_goes_on()
    {
        await using var one = Start("one", "127.0.0.1", _ports[0], $"127.0.0.1:{_ports[0]}");
        await ReadyAsync(one);
        one.Pause();
        await using var other = Start("other", "127.0.0.1", _ports[1], $"127.0.0.1:{_ports[0]}");
        await FindsNoneAsync(other, "somebody listens who does not answer this node");
        one.Resume();
        await other.LineAsync("This node has found the cluster.", Limit);
        await TestCluster.MembersAsync(2, [one, other]);
    }

    public void Dispose() => _directory.Dispose();

    private PulseProcess Start(string name, string hostname, int port, params string[] seeds)
    {
        var settings = new Dictionary<string, string>
        {
            ["Pulse__Cluster__Hostname"] = hostname,
            ["Pulse__Cluster__Port"] = port.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (index, seed) in seeds.Index())
            settings[$"Pulse__Cluster__SeedNodes__{index}"] = seed;
        return PulseProcess.Host(_directory, settings, "run", "--port", "0", "--no-simulator", "--data", name);
    }

    private static Task ReadyAsync(PulseProcess node) => Eventually.HoldsAsync(
        "the node is ready", Limit, async () => await node.HealthAsync("ready") == HttpStatusCode.OK, TimeSpan.FromMilliseconds(100));

    private static async Task FindsNoneAsync(PulseProcess node, params string[] parts)
    {
        var line = await node.LineAsync("This node finds no cluster.", Limit);
        Assert.Contains(" warn ", line, StringComparison.Ordinal);
        Assert.Contains("(Pulse:Cluster:Hostname, Pulse:Cluster:Port).", line, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
        AssertNoWordOfAkka(node);
    }

    private static void AssertNoWordOfAkka(PulseProcess node)
    {
        Assert.Empty(node.Errors);
        Assert.DoesNotContain(node.Output, line => Array.Exists(WordsOfAkka, word => line.Contains(word, StringComparison.Ordinal)));
    }
}
