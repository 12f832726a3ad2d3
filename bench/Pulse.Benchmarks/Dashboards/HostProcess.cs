using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;

namespace Pulse.Benchmarks.Dashboards;

/// <summary>A whole node as people start it, everything embedded, in a process of its own.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    // What Linux tells processor time in: sysconf(_SC_CLK_TCK).
    private const double TicksPerSecond = 100;
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(2);

    private readonly string _directory;
    private readonly Process _process;
    private readonly HttpClient _client;
    private readonly TaskCompletionSource<string> _broker = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HostProcess(string directory, Process process, Uri address)
    {
        _directory = directory;
        _process = process;
        Address = address;
        _client = new HttpClient { BaseAddress = address };
        process.OutputDataReceived += (_, line) => FindBroker(line.Data);
        process.ErrorDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public Uri Address { get; }

    /// <summary>The embedded broker.</summary>
    public Task<string> BrokerAsync => _broker.Task.WaitAsync(StartDeadline);

    /// <summary>The processor time it has used: broker, simulator, counting and HTTP.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            // After the name, which may hold spaces: utime and stime are fields 14 and 15 of the line.
            var stat = File.ReadAllText($"/proc/{_process.Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromSeconds(
                (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond);
        }
    }

    /// <summary>Starts it and waits until events flow.</summary>
    /// <param name="rate">Events a second; 0: as fast as it counts them.</param>
    public static async Task<HostProcess> StartAsync(int rate)
    {
        var directory = Directory.CreateTempSubdirectory("pulse-benchmark-").FullName;
        var port = FreePort();
        var host = typeof(HostProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == "Pulse.Host").Value!;
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                host, "run", "--follow-input", "--data", directory, "--port", port.ToString(CultureInfo.InvariantCulture), "--seed", "7",
                "--events", rate == 0 ? "200000000" : "50000000", "--rate", rate.ToString(CultureInfo.InvariantCulture),
            },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // At full speed event time runs faster than the clock and must not overtake it.
        if (rate == 0)
            start.ArgumentList.Add("--start=" + DateTime.UtcNow.AddHours(-12).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        start.Environment["Pulse__Http__RequestsPerSecond"] = "1000000";
        var node = new HostProcess(directory, Process.Start(start)!, new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}")));
        await node.UntilItCountsAsync();
        return node;
    }

    /// <summary>How many records it has read.</summary>
    public async Task<long> ConsumedAsync()
    {
        using var status = JsonDocument.Parse(await _client.GetByteArrayAsync("/api/status"));
        return status.RootElement.GetProperty("consumed").GetInt64();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _client.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task UntilItCountsAsync()
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if (await ConsumedAsync() > 10_000)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            if (_process.HasExited || waited.Elapsed > StartDeadline)
                throw new InvalidOperationException("The node did not start to count; its errors are above.");
            await Task.Delay(100);
        }
    }

    private void FindBroker(string? line)
    {
        const string before = "embedded at ";
        if (line?.IndexOf(before, StringComparison.Ordinal) is { } index and >= 0)
            _broker.TrySetResult(line[(index + before.Length)..].Split(' ')[0]);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
