using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Pulse.Testing;

/// <summary>
/// Carries TCP connections from a listener to a port of this machine's loopback, and can cut them off, refuse new ones
/// and make what they carry late.
/// </summary>
public sealed class TcpRelay : IDisposable
{
    private const int ChunkBytes = 64 * 1024;

    // With the chunk size, what one direction of a connection can have under way: enough for 100 MB/s at 100 ms.
    private const int ChunksUnderWay = 160;

    private readonly Socket _listener;
    private readonly int _port;
    private readonly ConcurrentDictionary<Socket, byte> _open = [];
    private volatile bool _isCut;
    private long _delayTicks;
    private long _bytesToCut = long.MaxValue;

    /// <summary>Takes connections from a listener that is bound already.</summary>
    /// <param name="listener">Disposed with this.</param>
    /// <param name="port">Where on 127.0.0.1 they lead.</param>
    public TcpRelay(Socket listener, int port)
    {
        _listener = listener;
        _port = port;
        _ = AcceptAsync();
    }

    /// <summary>Takes connections at a free port of loopback.</summary>
    /// <param name="port">Where on 127.0.0.1 they lead.</param>
    public TcpRelay(int port)
        : this(Listen(), port)
    {
    }

    /// <summary>Where it listens, as <c>host:port</c>.</summary>
    public string Address => _listener.LocalEndPoint!.ToString()!;

    /// <summary>How long each byte is under way in either direction; a round trip takes twice that. Zero at first.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    /// <summary>Ends all connections, in the middle of what they carry, and others as soon as they come.</summary>
    public void Cut()
    {
        _isCut = true;
        CloseAll();
    }

    /// <summary>
    /// Ends all connections once, as soon as the server has answered so many bytes more: whatever is under way then has come in part.
    /// </summary>
    public void CutAfter(long bytes) => Interlocked.Exchange(ref _bytesToCut, bytes);

    /// <summary>Takes connections again.</summary>
    public void Heal() => _isCut = false;

    /// <inheritdoc />
    public void Dispose()
    {
        _listener.Dispose();
        Cut();
    }

    private static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
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
            // Looked at after the sockets can be found, or a cut in between would miss them.
            if (_isCut)
                return;
            await far.ConnectAsync(IPAddress.Loopback, _port);
            near.NoDelay = far.NoDelay = true;
            await Task.WhenAll(CarryAsync(near, far), CarryAsync(far, near, isAnswer: true));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The caller sees the end of the connection.
        }
        finally
        {
            Close(near);
            Close(far);
        }
    }

    /// <summary>
    /// One direction: reads ahead while what was read before waits for its time. Where it ends in good order, the other goes on;
    /// where it breaks, both end.
    /// </summary>
    private async Task CarryAsync(Socket from, Socket to, bool isAnswer = false)
    {
        var underWay = Channel.CreateBounded<(byte[] Bytes, long Due)>(ChunksUnderWay);
        var sending = SendAsync(underWay, to, isAnswer);
        var buffer = new byte[ChunkBytes];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var read)
            {
                var chunk = (buffer.AsSpan(0, read).ToArray(), Stopwatch.GetTimestamp() + (long)(Delay.TotalSeconds * Stopwatch.Frequency));
                await underWay.Writer.WriteAsync(chunk);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or ChannelClosedException)
        {
            Close(from);
            Close(to);
        }

        underWay.Writer.TryComplete();
        await sending;
    }

    private async Task SendAsync(Channel<(byte[] Bytes, long Due)> underWay, Socket to, bool isAnswer)
    {
        try
        {
            await foreach (var (bytes, due) in underWay.Reader.ReadAllAsync())
            {
                while (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) is { Ticks: > 0 } early)
                    await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(early.TotalMilliseconds)));
                var allowed = isAnswer ? Allowed(bytes.Length) : bytes.Length;
                for (var sent = 0; sent < allowed;)
                    sent += await to.SendAsync(bytes.AsMemory(sent, allowed - sent));
                if (allowed < bytes.Length)
                    CloseAll();
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Nobody takes the rest, so nothing may wait for room any more.
            underWay.Writer.TryComplete();
            Close(to);
        }
    }

    // How much of an answer may still pass; what is left of the number is the next answer's. The one that uses it up resets it.
    private int Allowed(int bytes)
    {
        if (Interlocked.Read(ref _bytesToCut) == long.MaxValue)
            return bytes;
        var left = Interlocked.Add(ref _bytesToCut, -bytes);
        if (left >= 0)
            return bytes;
        Interlocked.Exchange(ref _bytesToCut, long.MaxValue);
        return (int)Math.Max(0, bytes + left);
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
