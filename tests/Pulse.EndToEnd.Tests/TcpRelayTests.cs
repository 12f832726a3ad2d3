using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests;

/// <summary>What a relay does to the bytes between two programs.</summary>
public sealed class TcpRelayTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly TcpRelay _relay;

    public TcpRelayTests()
    {
        _server.Start();
        _relay = new TcpRelay(((IPEndPoint)_server.LocalEndpoint).Port);
    }

    [Fact]
    public async Task Each_direction_is_late_by_the_delay()
    {
        var (near, far) = await ConnectAsync();
        _relay.Delay = TimeSpan.FromMilliseconds(200);

        Assert.True(await CrossingAsync(near, far) >= _relay.Delay);
        Assert.True(await CrossingAsync(far, near) >= _relay.Delay);
    }

    [Fact]
    public async Task A_side_that_has_said_everything_can_still_be_answered()
    {
        var (near, far) = await ConnectAsync();
        await near.SendAsync(new byte[500_000]);
        near.Shutdown(SocketShutdown.Send);

        Assert.Equal(500_000, await ReadToEndAsync(far));
        await far.SendAsync(new byte[300_000]);
        far.Shutdown(SocketShutdown.Send);

        Assert.Equal(300_000, await ReadToEndAsync(near));
    }

    [Fact]
    public async Task A_cut_ends_what_is_under_way_and_what_comes_until_it_is_healed()
    {
        var (near, far) = await ConnectAsync();
        // So much that the relay waits for a reader.
        var sending = near.SendAsync(new byte[100_000_000]);

        _relay.Cut();

        await Assert.ThrowsAnyAsync<SocketException>(async () => await sending.WaitAsync(Limit));
        await ReadToEndAsync(far);
        Assert.Equal(0, await ReadToEndAsync(await DialAsync()));
        _relay.Heal();
        var (again, _) = await ConnectAsync();
        Assert.True(again.Connected);
    }

    [Fact]
    public async Task A_cut_in_mid_answer_lets_through_what_comes_before_it_and_takes_new_connections_at_once()
    {
        var (near, far) = await ConnectAsync();
        _relay.CutAfter(1_500);
        await far.SendAsync(new byte[1_000]);
        await far.SendAsync(new byte[1_000]);

        Assert.Equal(1_500, await ReadToEndAsync(near));
        var (again, server) = await ConnectAsync();
        await server.SendAsync(new byte[3_000]);
        server.Shutdown(SocketShutdown.Send);
        Assert.Equal(3_000, await ReadToEndAsync(again));
    }

    public void Dispose()
    {
        _relay.Dispose();
        _server.Dispose();
    }

    private static async Task<TimeSpan> CrossingAsync(Socket from, Socket to)
    {
        var watch = Stopwatch.StartNew();
        await from.SendAsync(new byte[1]);
        Assert.Equal(1, await to.ReceiveAsync(new byte[1]).WaitAsync(Limit));
        return watch.Elapsed;
    }

    private static async Task<long> ReadToEndAsync(Socket socket)
    {
        var buffer = new byte[64 * 1024];
        var total = 0L;
        try
        {
            while (await socket.ReceiveAsync(buffer).WaitAsync(Limit) is > 0 and var read)
                total += read;
        }
        catch (SocketException)
        {
            // It was cut off.
        }

        return total;
    }

    private async Task<(Socket Near, Socket Far)> ConnectAsync()
    {
        var near = await DialAsync();
        return (near, await _server.AcceptSocketAsync().WaitAsync(Limit));
    }

    private async Task<Socket> DialAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(_relay.Address));
        return socket;
    }
}
