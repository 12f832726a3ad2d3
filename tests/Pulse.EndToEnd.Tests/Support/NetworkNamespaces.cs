using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>
/// Linux network namespaces, one for each node of a cluster, joined by a bridge in a namespace of its own: a network
/// that is this test's alone. Servers of the test process are reached by way of <see cref="TcpRelay"/>, which does not use
/// that network, so that a node can lose the others and keep its servers.
/// </summary>
internal sealed class NetworkNamespaces : IAsyncDisposable
{
    private const int NewNetwork = 0x40000000;
    private const string Named = "/run/netns";

    private readonly string _prefix = $"pulse-{Environment.ProcessId}-{Interlocked.Increment(ref _made)}-";
    private readonly int _nodes;
    private readonly List<TcpRelay> _relays = [];
    private static int _made;

    private NetworkNamespaces(int nodes) => _nodes = nodes;

    /// <summary>Why there can be no namespaces here; null: there can.</summary>
    public static async Task<string?> ObjectionAsync()
    {
        if (!OperatingSystem.IsLinux())
            return "Network namespaces are Linux's.";
        if (!File.Exists("/usr/sbin/ip") && !File.Exists("/sbin/ip") && !File.Exists("/usr/bin/ip"))
            throw Requirement.Missing("The program 'ip' is not installed (Debian: iproute2).");

        var probe = $"pulse-{Environment.ProcessId}-probe";
        var (made, reason) = await RunAsync("netns", "add", probe);
        if (made != 0)
            return $"No right to make network namespaces: {reason}";
        try
        {
            // Containers may allow the one and not the other.
            var (entered, why) = await RunAsync("netns", "exec", probe, "true");
            return entered == 0 ? null : $"No right to enter network namespaces: {why}";
        }
        finally
        {
            await RunAsync("netns", "delete", probe);
        }
    }

    /// <summary>Makes the namespaces; nodes are numbered from 1.</summary>
    public static async Task<NetworkNamespaces> CreateAsync(int nodes)
    {
        await DeleteAbandonedAsync();
        var namespaces = new NetworkNamespaces(nodes);
        try
        {
            await namespaces.CreateAsync();
            return namespaces;
        }
        catch
        {
            await namespaces.DisposeAsync();
            throw;
        }
    }

    /// <summary>The namespace's name.</summary>
    public string Of(int node) => _prefix + node.ToString(CultureInfo.InvariantCulture);

    /// <summary>A node's address on the network between them.</summary>
    public static string AddressOf(int node) => $"10.99.0.{node.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Takes a node off the network between them, as a pulled cable does: nobody is told.</summary>
    public Task CutAsync(int node) => IpAsync("-n", Bridge, "link", "set", PortOf(node), "nomaster");

    /// <summary>Puts it back.</summary>
    public Task HealAsync(int node) => IpAsync("-n", Bridge, "link", "set", PortOf(node), "master", "bridge");

    /// <summary>Makes a server on this machine's loopback reachable on a node's loopback, at the same port.</summary>
    public TcpRelay RelayTo(int node, int port)
    {
        var relay = new TcpRelay(InNamespace(node, () =>
        {
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
            listener.Listen();
            return listener;
        }), port);
        _relays.Add(relay);
        return relay;
    }

    /// <summary>A client of what listens on a node's loopback.</summary>
    public HttpClient ClientOf(int node) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, token) =>
        {
            var socket = InNamespace(
                node, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, token);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        Timeout = TimeSpan.FromSeconds(20),
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var relay in _relays)
            relay.Dispose();
        for (var node = 1; node <= _nodes; node++)
            await RunAsync("netns", "delete", Of(node));
        await RunAsync("netns", "delete", Bridge);
    }

    // A test process that is killed can't clean up; the next one does.
    private static async Task DeleteAbandonedAsync()
    {
        if (!Directory.Exists(Named))
            return;
        foreach (var name in Directory.GetFiles(Named, "pulse-*").Select(Path.GetFileName))
        {
            if (int.TryParse(name!.Split('-')[1], out var process) && !Directory.Exists($"/proc/{process}"))
                await RunAsync("netns", "delete", name);
        }
    }

    private string Bridge => _prefix + "bridge";

    private static string PortOf(int node) => $"port{node.ToString(CultureInfo.InvariantCulture)}";

    private async Task CreateAsync()
    {
        await IpAsync("netns", "add", Bridge);
        await IpAsync("-n", Bridge, "link", "add", "bridge", "type", "bridge");
        await IpAsync("-n", Bridge, "link", "set", "bridge", "up");
        for (var node = 1; node <= _nodes; node++)
        {
            await IpAsync("netns", "add", Of(node));
            await IpAsync("-n", Of(node), "link", "set", "lo", "up");
            await IpAsync(
                "-n", Of(node), "link", "add", "eth0", "type", "veth", "peer", "name", PortOf(node), "netns", Bridge);
            await IpAsync("-n", Of(node), "address", "add", $"{AddressOf(node)}/24", "dev", "eth0");
            await IpAsync("-n", Of(node), "link", "set", "eth0", "up");
            await IpAsync("-n", Bridge, "link", "set", PortOf(node), "master", "bridge", "up");
        }
    }

    // A thread's namespace is its own, and a socket keeps the one that it was made in.
    private T InNamespace<T>(int node, Func<T> make)
    {
        var result = default(T);
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var file = File.OpenHandle(Path.Combine(Named, Of(node)));
                if (SetNamespace(file, NewNetwork) != 0)
                    throw new InvalidOperationException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
                result = make();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result! : throw new InvalidOperationException(failure.Message, failure);
    }

    private static async Task IpAsync(params string[] arguments)
    {
        var (exitCode, error) = await RunAsync(arguments);
        Assert.True(exitCode == 0, $"ip {string.Join(' ', arguments)}: {error}");
    }

    private static async Task<(int ExitCode, string Error)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, error.Trim());
    }

    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static extern int SetNamespace(SafeFileHandle file, int type);
}
