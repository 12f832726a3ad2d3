using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Pulse.Simulator.Processes;

namespace Pulse.Dashboard.Tests;

/// <summary>A node as its own process.</summary>
public sealed class Node : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(120);

    private readonly ChildProcess _process;

    private Node(ChildProcess process, int port)
    {
        _process = process;
        Address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
    }

    public string Address { get; }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Starts a node and waits until it answers.</summary>
    public static Task<Node> StartAsync(string directory, int port, params string[] arguments) =>
        StartAsync(directory, port, new Dictionary<string, string>(), arguments);

    /// <summary>Starts a node with settings of its own and waits until it answers.</summary>
    public static async Task<Node> StartAsync(
        string directory, int port, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var host = typeof(Node).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == "Host").Value!;
        var node = new Node(
            ChildProcess.Start(
                "dotnet",
                [host, "run", "--data", directory, "--port", port.ToString(CultureInfo.InvariantCulture), .. arguments],
                new ChildProcessOptions { Environment = environment }),
            port);
        await node.UntilAsync("/health/ready", _ => true, StartPatience);
        return node;
    }

    /// <summary>Waits until an answer is as it should be.</summary>
    public async Task<string> UntilAsync(string path, Func<string, bool> isRight, TimeSpan patience)
    {
        using var client = new HttpClient { BaseAddress = new Uri(Address) };
        var waited = Stopwatch.StartNew();
        var last = "nothing";
        while (waited.Elapsed < patience && _process.IsRunning)
        {
            try
            {
                using var response = await client.GetAsync(path);
                last = await response.Content.ReadAsStringAsync();
                if (response.IsSuccessStatusCode && isRight(last))
                    return last;
            }
            catch (HttpRequestException exception)
            {
                last = exception.Message;
            }

            await Task.Delay(100);
        }

        throw new TimeoutException($"{path} did not become right within {patience}; last: {last}\n"
            + string.Join('\n', _process.Output.Concat(_process.Errors)));
    }

    /// <summary>Ends it at once, as a crash does.</summary>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
