using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;

namespace Pulse.Actors.Hosting;

/// <summary>Asks at each seed node why no cluster is found by it: by its name, by a connection, and by the other names that it may have.</summary>
/// <param name="system">Asks.</param>
/// <param name="self">This node.</param>
internal sealed class SeedDiagnosis(ActorSystem system, Address self)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    // A node's first answer takes a connection and a handshake, and a busy machine some seconds for that.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(6);

    /// <summary>What is wrong with each seed node but this one.</summary>
    /// <param name="seeds">As they are configured.</param>
    public async Task<ImmutableArray<SeedProblem>> AskAsync(ImmutableArray<Address> seeds) =>
    [
        .. await Task.WhenAll(seeds.Index().Where(each => !each.Item.Equals(self)).Select(async each =>
        {
            var (problem, isThere) = await ProblemAsync(each.Item).ConfigureAwait(false);
            return new SeedProblem(
                $"Pulse:Cluster:SeedNodes:{each.Index} is '{each.Item.Host}:{each.Item.Port}', {problem}.", isThere);
        })).ConfigureAwait(false),
    ];

    private async Task<(string Problem, bool IsThere)> ProblemAsync(Address seed)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await OwnSeeds.ResolveAsync(seed.Host).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException or ArgumentException)
        {
            return ($"a name that can't be resolved ({exception.Message.TrimEnd('.')})", false);
        }

        if (await ConnectAsync(seed).ConfigureAwait(false) is { } refusal)
            return ($"where nobody answers ({refusal.TrimEnd('.')})", false);
        if (await AnswersAsync(seed).ConfigureAwait(false))
            return ("where a node answers that is in no cluster either: the first of the seed nodes founds it, so name them in the same order "
                + "on every node, and start that one", true);
        var names = await OtherNamesAsync(seed.Host, addresses).ConfigureAwait(false);
        var answers = await Task.WhenAll(names.Select(name => AnswersAsync(seed.WithHost(name)))).ConfigureAwait(false);
        return Array.IndexOf(answers, true) is >= 0 and var other
            ? ($"but the node there calls itself '{names[other]}:{seed.Port}' (its Pulse:Cluster:Hostname and Pulse:Cluster:Port) and answers "
                + "to no other name: write the same in both", false)
            : ("where somebody listens who does not answer this node: it is no node of Pulse, or is called otherwise (its "
                + "Pulse:Cluster:Hostname), or its Pulse:Cluster:Tls is another, or it can't reach this node by the name above", false);
    }

    private static async Task<string?> ConnectAsync(Address seed)
    {
        using var client = new TcpClient();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await client.ConnectAsync(seed.Host, seed.Port!.Value, limit.Token).ConfigureAwait(false);
            return null;
        }
        catch (SocketException exception)
        {
            return exception.Message;
        }
        catch (OperationCanceledException)
        {
            return FormattableString.Invariant($"no connection within {Limit.TotalSeconds} s");
        }
    }

    // What the same machine may be called beside the written name.
    private static async Task<IReadOnlyList<string>> OtherNamesAsync(string host, IPAddress[] addresses)
    {
        List<string> names = [.. addresses.Where(address => address.AddressFamily == AddressFamily.InterNetwork).Select(address => address.ToString())];
        if (addresses.Any(IPAddress.IsLoopback))
            names.AddRange("localhost", Dns.GetHostName());
        try
        {
            names.Add((await Dns.GetHostEntryAsync(host).WaitAsync(Limit).ConfigureAwait(false)).HostName);
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException or ArgumentException)
        {
            // It has no other.
        }

        return [.. names.Distinct(StringComparer.Ordinal).Where(name => name != host)];
    }

    private async Task<bool> AnswersAsync(Address node)
    {
        try
        {
            await system.ActorSelection(new RootActorPath(node) / "system" / "cluster").ResolveOne(AnswerLimit).ConfigureAwait(false);
            return true;
        }
        catch (ActorNotFoundException)
        {
            return false;
        }
    }
}
