using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text;

namespace Pulse.Dashboard.Tests;

/// <summary>A node as its own process.</summary>
public sealed class Node : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private Node(Process process, int port)
    {
        _process = process;
        Address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
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
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { host, "run", "--data", directory, "--port", port.ToString(CultureInfo.InvariantCulture) },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (variable, value) in environment)
            start.Environment[variable] = value;
        var node = new Node(Process.Start(start)!, port);
        await node.UntilAsync("/health/ready", _ => true, StartPatience);
        return node;
    }

    /// <summary>Waits until an answer is as it should be.</summary>
    public async Task<string> UntilAsync(string path, Func<string, bool> isRight, TimeSpan patience)
    {
        using var client = new HttpClient { BaseAddress = new Uri(Address) };
        var waited = Stopwatch.StartNew();
        var last = "nothing";
        while (waited.Elapsed < patience && !_process.HasExited)
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

        throw new TimeoutException($"{path} did not become right within {patience}; last: {last}\n{_output}");
    }

    /// <summary>Ends it at once, as a crash does.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
            _output.AppendLine(line.Data);
    }
}
