using System.Net;
using System.Net.Sockets;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>Ports of this machine that nobody listens on.</summary>
internal static class FreePorts
{
    /// <summary>
    /// Finds some, ascending: of two nodes that do not hear each other, the one with the lower address stays, and tests want to know which.
    /// </summary>
    public static int[] Take(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).Order().ToArray();
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }
}
