using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;
using Pulse.Benchmarks.Subjects;
using Pulse.Simulator;
using Pulse.Simulator.Producing;
using Pulse.Testing.Kafka;

namespace Pulse.Benchmarks.Dashboards;

/// <summary>
/// A whole node as people start it, in a process of its own. With the embedded broker the simulator is in it too; with a real
/// one the simulator is in this process.
/// </summary>
internal sealed class HostProcess : IAsyncDisposable
{
    // What Linux tells processor time in: sysconf(_SC_CLK_TCK).
    private const double TicksPerSecond = 100;

    // As the embedded stream has.
    private const int Partitions = 16;
    private const string EmbeddedTopic = "netflix-event";

    // More than any benchmark waits for.
    private const int Events = 50_000_000;
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(2);

    private readonly string _directory;
    private readonly Process _process;
    private readonly HttpClient _client;
    private readonly TaskCompletionSource<string> _broker = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _enough = new();
    private Task _producing = Task.CompletedTask;

    private HostProcess(string directory, Process process, Uri address, string topic)
    {
        Topic = topic;
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

    /// <summary>The topic of events.</summary>
    public string Topic { get; }

    /// <summary>Where the broker is, the embedded one too.</summary>
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
    /// <param name="rate">Events a second; 0: as fast as it counts them, which only the embedded broker can tell.</param>
    /// <param name="broker">The broker.</param>
    public static async Task<HostProcess> StartAsync(int rate, BenchmarkBroker broker)
    {
        var stream = broker.BootstrapServers is null ? null : await broker.CreateStreamAsync(Partitions);
        var directory = Directory.CreateTempSubdirectory("pulse-benchmark-").FullName;
        var port = FreePort();
        var host = typeof(HostProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == "Pulse.Host").Value!;
        string[] simulator = stream is not null ? [] :
        [
            "--seed", "7", "--events", rate == 0 ? "200000000" : Text(Events), "--rate", Text(rate),
            // At full speed event time runs faster than the clock and must not overtake it.
            .. rate != 0 ? [] : (string[])[
                "--start=" + DateTime.UtcNow.AddHours(-12).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)],
        ];
        var start = new ProcessStartInfo(
            "dotnet", [host, "run", "--follow-input", "--data", directory, "--port", Text(port), .. simulator])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["Pulse__Http__RequestsPerSecond"] = "1000000";
        foreach (var (name, value) in stream is null ? [] : KafkaFixture.Environment(stream))
            start.Environment[name] = value;
        var node = new HostProcess(
            directory, Process.Start(start)!, new Uri($"http://127.0.0.1:{Text(port)}"), stream?.Topic ?? EmbeddedTopic);
        try
        {
            if (stream is not null)
            {
                node._broker.SetResult(stream.BootstrapServers);
                node._producing = new SimulatorRun(new SimulatorOptions
                {
                    BootstrapServers = stream.BootstrapServers, Topic = stream.Topic, CompletionTopic = stream.CompletionTopic,
                    Events = Events, Rate = rate, Seed = 7,
                }).RunAsync(node._enough.Token);
            }

            await node.UntilItCountsAsync();
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>What runs where, for a report.</summary>
    public static (string, string) Condition(BenchmarkBroker broker) => ("node", broker.BootstrapServers is null
        ? "one process with simulator, broker, SQLite and Parquet embedded"
        : $"one process with SQLite and Parquet embedded; {broker.Name}; the simulator in the benchmark's process");

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
        await _enough.CancelAsync();
        await ((Task)_producing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _enough.Dispose();
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

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
