using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;
using Pulse.Benchmarks.Subjects;
using Pulse.Simulator;
using Pulse.Simulator.Processes;
using Pulse.Simulator.Producing;
using Pulse.Testing.Kafka;

namespace Pulse.Benchmarks.Dashboards;

/// <summary>
/// A whole node as people start it, in a process of its own. With the embedded broker the simulator is in it too; with a real
/// one the simulator is in this process.
/// </summary>
internal sealed class HostProcess : IAsyncDisposable
{
    // As the embedded stream has.
    private const int Partitions = 16;
    private const string EmbeddedTopic = "netflix-event";

    // More than any benchmark waits for.
    private const int Events = 50_000_000;
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(2);

    private readonly string _directory;
    private readonly ChildProcess _process;
    private readonly HttpClient _client;
    private readonly TaskCompletionSource<string> _broker = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _enough = new();
    private Task _producing = Task.CompletedTask;

    private HostProcess(string directory, int port, string topic, IReadOnlyList<string> arguments, Dictionary<string, string> environment)
    {
        Topic = topic;
        _directory = directory;
        Address = new Uri($"http://127.0.0.1:{Text(port)}");
        _client = new HttpClient { BaseAddress = Address };
        _process = ChildProcess.Start("dotnet", arguments, new ChildProcessOptions
        {
            Environment = environment,
            KeepsInputOpen = true,
            OnOutput = FindBroker,
            OnError = Console.Error.WriteLine,
        });
    }

    public Uri Address { get; }

    /// <summary>The topic of events.</summary>
    public string Topic { get; }

    /// <summary>Where the broker is, the embedded one too.</summary>
    public Task<string> BrokerAsync => _broker.Task.WaitAsync(StartDeadline);

    /// <summary>The processor time it has used: broker, simulator, counting and HTTP.</summary>
    public TimeSpan ProcessorTime => _process.ProcessorTime;

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
        ];
        Dictionary<string, string> environment = stream is null ? [] : KafkaFixture.Environment(stream);
        environment["Pulse__Http__RequestsPerSecond"] = "1000000";
        var node = new HostProcess(
            directory,
            port,
            stream?.Topic ?? EmbeddedTopic,
            [host, "run", "--follow-input", "--data", directory, "--port", Text(port), .. simulator],
            environment);
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
        await _process.DisposeAsync();
        await _enough.CancelAsync();
        await ((Task)_producing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _enough.Dispose();
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

            if (!_process.IsRunning || waited.Elapsed > StartDeadline)
                throw new InvalidOperationException("The node did not start to count; its errors are above.");
            await Task.Delay(100);
        }
    }

    private void FindBroker(string line)
    {
        const string before = "embedded at ";
        if (line.IndexOf(before, StringComparison.Ordinal) is { } index and >= 0)
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
