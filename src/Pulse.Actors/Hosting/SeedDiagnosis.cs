using System.Collections.Concurrent;
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

    // A node's first answer takes a connection and a handshake, and a busy machine some seconds for that. Where two connections come to the
    // same node by different names, the one takes the place of the other, and what is under way is lost.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);
    private const int Questions = 3;

    // Of the look before; at the first look, every seed node.
    private ImmutableHashSet<Address>? _silent;

    /// <summary>What is wrong with each seed node but this one.</summary>
    /// <param name="seeds">As they are configured.</param>
    public async Task<ImmutableArray<SeedProblem>> AskAsync(ImmutableArray<Address> seeds)
    {
        var silent = new ConcurrentBag<Address>();
        var problems = await Task.WhenAll(seeds.Index().Where(each => !each.Item.Equals(self)).Select(async each =>
        {
            var (problem, isThere) = await ProblemAsync(each.Item, silent).ConfigureAwait(false);
            return new SeedProblem(
                $"Pulse:Cluster:SeedNodes:{each.Index} is '{each.Item.Host}:{each.Item.Port}', {problem}.", isThere);
        })).ConfigureAwait(false);
        _silent = [.. silent];
        return [.. problems];
    }

    private async Task<(string Problem, bool IsThere)> ProblemAsync(Address seed, ConcurrentBag<Address> silent)
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
        // Connections under other names disturb the one by which this node would join, so a seed node that has just come is spared them.
        var hasJustCome = _silent?.Contains(seed) is false;
        var names = hasJustCome ? [seed.Host] : await NamesAsync(seed.Host, addresses).ConfigureAwait(false);
        var answered = await AnsweredAsync(names, seed).ConfigureAwait(false);
        if (answered == seed.Host)
            return ("where a node answers that is in no cluster either: the first of the seed nodes founds it, so name them in the same order "
                + "on every node, and start that one", true);
        silent.Add(seed);
        if (hasJustCome)
            return ("where somebody listens who does not answer this node yet", true);
        return answered is not null
            ? ($"but the node there calls itself '{answered}:{seed.Port}' (its Pulse:Cluster:Hostname and Pulse:Cluster:Port) and answers "
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

    // The written name first, then what else the same machine may be called.
    private static async Task<IReadOnlyList<string>> NamesAsync(string host, IPAddress[] addresses)
    {
        List<string> names = [host, .. addresses.Where(address => address.AddressFamily == AddressFamily.InterNetwork).Select(address => address.ToString())];
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

        return [.. names.Distinct(StringComparer.Ordinal)];
    }

    // A node answers to one name alone.
    private async Task<string?> AnsweredAsync(IReadOnlyList<string> names, Address seed)
    {
        await foreach (var asked in Task.WhenEach(names.Select(async name => await AnswersAsync(seed.WithHost(name)).ConfigureAwait(false) ? name : null))
            .ConfigureAwait(false))
        {
            if (await asked.ConfigureAwait(false) is { } name)
                return name;
        }

        return null;
    }

    private async Task<bool> AnswersAsync(Address node)
    {
        var cluster = system.ActorSelection(new RootActorPath(node) / "system" / "cluster");
        for (var question = 0; question < Questions; question++)
        {
            try
            {
                await cluster.ResolveOne(AnswerLimit).ConfigureAwait(false);
                return true;
            }
            catch (ActorNotFoundException)
            {
                // It is asked again.
            }
        }

        return false;
    }
}
