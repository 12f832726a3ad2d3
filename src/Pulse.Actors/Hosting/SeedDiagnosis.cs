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

    private readonly NameSearch _names = new(system);

    /// <summary>What is wrong with each seed node but this one.</summary>
    /// <param name="seeds">As they are configured.</param>
    public async Task<ImmutableArray<SeedProblem>> AskAsync(ImmutableArray<Address> seeds)
    {
        var problems = await Task.WhenAll(seeds.Index().Where(each => !each.Item.Equals(self)).Select(async each =>
        {
            var problem = await ProblemAsync(each.Item).ConfigureAwait(false);
            return problem with
            {
                Text = $"Pulse:Cluster:SeedNodes:{each.Index} is '{each.Item.Host}:{each.Item.Port}', {problem.Text}.",
            };
        })).ConfigureAwait(false);
        return [.. problems];
    }

    private async Task<SeedProblem> ProblemAsync(Address seed)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await OwnSeeds.ResolveAsync(seed.Host).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException or ArgumentException)
        {
            return new SeedProblem($"a name that can't be resolved ({exception.Message.TrimEnd('.')})");
        }

        if (await ConnectAsync(seed).ConfigureAwait(false) is { } refusal)
            return new SeedProblem($"where nobody answers ({refusal.TrimEnd('.')})");
        if (await NameSearch.AnswersAsync(system, seed).ConfigureAwait(false))
            return new SeedProblem(
                "where a node answers that is in no cluster either: the first of the seed nodes founds it, so name them in the same order "
                + "on every node, and start that one",
                IsThere: true);
        return new SeedProblem(
            await _names.FindAsync(seed, addresses).ConfigureAwait(false) is { } name
                ? $"but the node there calls itself '{name}:{seed.Port}' (its Pulse:Cluster:Hostname and Pulse:Cluster:Port) and answers "
                    + "to no other name: write the same in both"
                : "where somebody listens who does not answer this node: it is no node of Pulse, or is called otherwise (its "
                    + "Pulse:Cluster:Hostname), or its Pulse:Cluster:Tls is another, or it can't reach this node by the name above");
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
}
