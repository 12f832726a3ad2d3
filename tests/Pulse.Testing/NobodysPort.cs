using System.Net;
using System.Net.Sockets;

namespace Pulse.Testing;

/// <summary>A loopback port that refuses connections and that nobody else is given, until it is disposed.</summary>
public sealed class NobodysPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Takes any free port.</summary>
    public NobodysPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    /// <summary>The port.</summary>
    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>Where nobody answers: <c>127.0.0.1:port</c>.</summary>
    public string Address => _socket.LocalEndPoint!.ToString()!;

    /// <summary>Gives the port back.</summary>
    public void Dispose() => _socket.Dispose();
}
