using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Remote.Transport.DotNetty;

namespace Pulse.Actors.Hosting;

/// <summary>
/// Finds by which name a node answers that does not answer by the name that is written. It asks from an actor system of its own, since of all
/// names by which one system has asked, a node goes on reading what comes by the last alone: this node could not join any more.
/// </summary>
/// <param name="system">The node's own, whose transport and certificate the other one has.</param>
internal sealed class NameSearch(ActorSystem system)
{
    // A node's first answer takes a connection and a handshake, and a busy machine some seconds for that.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private static readonly Config Outside = ConfigurationFactory.ParseString(
        """
        akka {
          loglevel = OFF
          loggers = []
          extensions = []
          actor.provider = remote
          remote.dot-netty.tcp.port = 0
        }
        """);

    /// <summary>Asks by all other names that the same machine may have.</summary>
    /// <param name="node">By the name that is written.</param>
    /// <param name="addresses">To which that name resolves.</param>
    /// <returns>The name; null where none is answered.</returns>
    public async Task<string?> FindAsync(Address node, IPAddress[] addresses)
    {
        var names = await OtherNamesAsync(node.Host, addresses).ConfigureAwait(false);
        var outside = ActorSystem.Create($"{system.Name}-outside", OutsideSetup());
        try
        {
            foreach (var name in names)
            {
                if (await AnswersAsync(outside, node.WithHost(name)).ConfigureAwait(false))
                    return name;
            }

            return null;
        }
        finally
        {
            await outside.Terminate().ConfigureAwait(false);
        }
    }

    /// <summary>Whether a node answers by this name.</summary>
    public static async Task<bool> AnswersAsync(ActorSystem system, Address node)
    {
        try
        {
            await system.ActorSelection(new RootActorPath(node) / "system" / "cluster").ResolveOne(Limit).ConfigureAwait(false);
            return true;
        }
        catch (ActorNotFoundException)
        {
            return false;
        }
    }

    private ActorSystemSetup OutsideSetup()
    {
        var setup = ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(Outside.WithFallback(system.Settings.Config)));
        return system.Settings.Setup.Get<DotNettySslSetup>() is { HasValue: true } tls ? setup.WithSetup(tls.Value) : setup;
    }

    private static async Task<IEnumerable<string>> OtherNamesAsync(string host, IPAddress[] addresses)
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

        return names.Distinct(StringComparer.Ordinal).Where(name => name != host);
    }
}
