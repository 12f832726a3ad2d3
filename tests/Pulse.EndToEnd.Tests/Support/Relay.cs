using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>Carries connections from a listener to a port of this machine's loopback.</summary>
internal sealed class Relay : IDisposable
{
    private readonly Socket _listener;
    private readonly int _port;
    private readonly ConcurrentDictionary<Socket, byte> _open = [];
    private volatile bool _isCut;

    public Relay(Socket listener, int port)
    {
        _listener = listener;
        _port = port;
        _ = AcceptAsync();
    }

    /// <summary>Ends all connections and takes no others.</summary>
    public void Cut()
    {
        _isCut = true;
        CloseAll();
    }

    /// <summary>Takes connections again.</summary>
    public void Heal() => _isCut = false;

    public void Dispose()
    {
        _listener.Dispose();
        CloseAll();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = CarryAsync(await _listener.AcceptAsync());
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task CarryAsync(Socket near)
    {
        var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _open[near] = _open[far] = 0;
        try
        {
            if (_isCut)
                return;
            await far.ConnectAsync(IPAddress.Loopback, _port);
            near.NoDelay = far.NoDelay = true;
            await Task.WhenAny(CopyAsync(near, far), CopyAsync(far, near));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Whoever called sees the end of the connection.
        }
        finally
        {
            Close(near);
            Close(far);
        }
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var read)
            {
                for (var sent = 0; sent < read;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The other direction ends with it.
        }
    }

    private void CloseAll()
    {
        foreach (var socket in _open.Keys)
            Close(socket);
    }

    private void Close(Socket socket)
    {
        _open.TryRemove(socket, out _);
        socket.Dispose();
    }
}
