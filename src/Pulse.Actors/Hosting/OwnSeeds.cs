using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;

namespace Pulse.Actors.Hosting;

/// <summary>
/// Finds the seed node that is this node itself under another name, such as <c>localhost</c> for <c>127.0.0.1</c>. Nodes are known by the
/// text of their address, so to itself it would be a stranger.
/// </summary>
internal static class OwnSeeds
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>The seed nodes, with this one under its own name.</summary>
    public static async Task<ImmutableArray<Address>> NameAsync(Address self, IEnumerable<Address> seeds) =>
    [
        .. await Task.WhenAll(seeds.Select(async seed => await IsSelfAsync(self, seed).ConfigureAwait(false) ? self : seed))
            .ConfigureAwait(false),
    ];

    /// <summary>What a name resolves to.</summary>
    /// <exception cref="SocketException">To nothing.</exception>
    /// <exception cref="TimeoutException">Nobody says within two seconds.</exception>
    public static Task<IPAddress[]> ResolveAsync(string host) => Dns.GetHostAddressesAsync(host).WaitAsync(Limit);

    private static async Task<bool> IsSelfAsync(Address self, Address seed)
    {
        if (seed.Port != self.Port || seed.Equals(self))
            return false;
        try
        {
            var own = await ResolveAsync(self.Host).ConfigureAwait(false);
            var theirs = await ResolveAsync(seed.Host).ConfigureAwait(false);
            // A name of several machines is not that of this one.
            return theirs.Any(own.Contains) && theirs.All(address => own.Contains(address) || IPAddress.IsLoopback(address));
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException or ArgumentException)
        {
            return false;
        }
    }
}
