using System.Net;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>Who gets into a cluster, and what a node's health probes say of it.</summary>
public sealed class MembershipTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task A_node_that_differs_from_the_cluster_in_what_must_agree_is_told_so_in_one_line_and_ends()
    {
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        var ports = FreePorts.Take(2);
        await using var member = Start(stream, database, ports, 0, []);
        await ReadyAsync(member);

        await using var other = Start(stream, database, ports, 1, new() { ["Pulse__Cluster__Shards"] = "32" });

        Assert.Equal(1, await other.ExitAsync(Limit));
        var line = Assert.Single(other.Errors);
        Assert.Contains($"the cluster of 127.0.0.1:{ports[0]}", line, StringComparison.Ordinal);
        Assert.Contains("Pulse:Cluster:Shards, which is '64' there and '32' here", line, StringComparison.Ordinal);
        // A busy machine sends heartbeats late, which the cluster complains of.
        Assert.DoesNotContain(other.Output, output => output.Contains(" warn ", StringComparison.Ordinal)
            && !output.Contains("heartbeat", StringComparison.OrdinalIgnoreCase));
        other.AssertNoStackTrace();
        await Eventually.HoldsAsync("the cluster is one node again", Limit, async () =>
            (await member.StatusAsync()).Members is [{ Status: "Up" }]);
        Assert.Equal(HttpStatusCode.OK, await member.HealthAsync("ready"));
    }

    [Fact]
    public async Task A_node_is_alive_as_a_process_and_ready_as_a_member_and_needs_no_key_to_say_so()
    {
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        var ports = FreePorts.Take(2);

        // The second seed waits for the first, which founds the cluster.
        await using var waiting = Start(stream, database, ports, 1, new() { ["Pulse__Http__ApiKey"] = "sixteen characters" });
        await Eventually.HoldsAsync("the process is alive", Limit, async () =>
            await waiting.HealthAsync("live") == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await waiting.HealthAsync("ready"));
        Assert.DoesNotContain(waiting.Output, line => line.Contains("Health check", StringComparison.Ordinal));

        await using var founder = Start(stream, database, ports, 0, []);
        await ReadyAsync(founder);
        await ReadyAsync(waiting);
    }

    public void Dispose() => _directory.Dispose();

    private PulseProcess Start(
        TestStream stream, string database, int[] ports, int node, Dictionary<string, string> further)
    {
        var environment = stream.Environment(database, TimeSpan.FromSeconds(1), ports, node);
        foreach (var (name, value) in further)
            environment[name] = value;
        return PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", $"data-{node}");
    }

    private static Task ReadyAsync(PulseProcess node) => Eventually.HoldsAsync(
        "the node is ready", Limit, async () => await node.HealthAsync("ready") == HttpStatusCode.OK);
}
