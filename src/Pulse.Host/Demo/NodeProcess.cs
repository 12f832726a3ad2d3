using System.Globalization;
using Pulse.Host.Api;
using Pulse.Host.Cli;
using Pulse.Simulator.Processes;

namespace Pulse.Host.Demo;

/// <summary>A node as a process of its own on loopback: started, watched, stopped, killed, paused.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PollTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StopTimeout = PulseApplication.ShutdownTimeout;

    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly string _dataDirectory;
    private readonly HttpClient _http = new() { Timeout = PollTimeout };
    private readonly CancellationTokenSource _disposed = new();
    private readonly Task _polling;
    // Disposed at the end only: the poll may be looking at one.
    private readonly List<ChildProcess> _formers = [];
    private ChildProcess? _process;
    private NodeStatus? _status;

    /// <param name="number">From 1.</param>
    /// <param name="remotingPort">Free on loopback.</param>
    /// <param name="httpPort">Free on loopback.</param>
    /// <param name="dataDirectory">For the log file.</param>
    /// <param name="environment">The node's configuration.</param>
    public NodeProcess(
        int number,
        int remotingPort,
        int httpPort,
        string dataDirectory,
        IReadOnlyDictionary<string, string> environment)
    {
        Number = number;
        RemotingPort = remotingPort;
        HttpPort = httpPort;
        _dataDirectory = dataDirectory;
        _environment = environment;
        _polling = PollAsync(_disposed.Token);
    }

    /// <summary>From 1.</summary>
    public int Number { get; }

    /// <summary>On loopback.</summary>
    public int RemotingPort { get; }

    /// <summary>On loopback.</summary>
    public int HttpPort { get; }

    /// <summary>The dashboard's address.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{HttpPort}");

    /// <summary>For people: what the process is doing, or what was done to it.</summary>
    public string State { get; private set; } = "not started";

    /// <summary>Whether the process runs, or is paused.</summary>
    public bool IsRunning => _process is { IsRunning: true };

    /// <summary>What it last answered; null while it does not.</summary>
    public NodeStatus? Status => Volatile.Read(ref _status);

    /// <summary>The exit code of the process that ended last.</summary>
    public int? ExitCode => _process is { IsRunning: false } ended ? ended.ExitCode : null;

    /// <summary>Where the node's output goes.</summary>
    public string LogFile => Path.Combine(_dataDirectory, $"node-{Number}.log");

    /// <summary>Starts the process, for the first time or again.</summary>
    public void Start()
    {
        var environment = new Dictionary<string, string>(_environment);
        if (_process is { } former)
        {
            _formers.Add(former);
            // The first seed founds a cluster when nobody answers in time; now there is one already.
            if (Number == 1)
                environment["Pulse__Cluster__SeedNodeTimeout"] = "00:01:00";
        }

        var log = TextWriter.Synchronized(new StreamWriter(LogFile, append: true) { AutoFlush = true });
        var (program, arguments) = Command();
        _process = ChildProcess.Start(program, arguments, new ChildProcessOptions
        {
            Environment = environment, KeepsInputOpen = true, OnOutput = log.WriteLine, OnError = log.WriteLine,
        });
        State = "starting";
    }

    /// <summary>SIGKILL: no last word, no checkpoint.</summary>
    public void Kill()
    {
        _process?.Kill();
        State = "KILLED";
    }

    /// <summary>SIGTERM: hands everything over and leaves.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        if (_process is not { } process)
            return 0;
        State = "leaving";
        process.Signal("TERM");
        using var limit = new CancellationTokenSource(StopTimeout);
        try
        {
            await process.ExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.ExitAsync(CancellationToken.None);
        }

        State = "stopped";
        return process.ExitCode;
    }

    /// <summary>SIGSTOP: a zombie that will wake up.</summary>
    public void Pause()
    {
        _process?.Signal("STOP");
        State = "paused";
    }

    /// <summary>SIGCONT.</summary>
    public void Resume()
    {
        _process?.Signal("CONT");
        State = "woken";
    }

    /// <summary>Waits until the process has ended by itself.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync(CancellationToken cancellation)
    {
        var exitCode = await _process!.ExitAsync(cancellation);
        State = "ended";
        return exitCode;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        await _polling;
        foreach (var process in _formers.Append(_process).OfType<ChildProcess>())
            await process.DisposeAsync();
        _http.Dispose();
        _disposed.Dispose();
    }

    private (string Program, string[] Arguments) Command()
    {
        string[] arguments =
        [
            "run", "--port", HttpPort.ToString(CultureInfo.InvariantCulture), "--data", _dataDirectory, "--follow-input",
        ];
        var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Pulse.Host.exe" : "Pulse.Host");
        return File.Exists(program) ? (program, arguments) : ("dotnet", [typeof(NodeProcess).Assembly.Location, .. arguments]);
    }

    private async Task PollAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(PollInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                var status = IsRunning ? await AskAsync(cancellation) : null;
                Volatile.Write(ref _status, status);
                if (status is not null && State == "starting")
                    State = "up";
            }
        }
        catch (OperationCanceledException)
        {
            Volatile.Write(ref _status, null);
        }
    }

    private async Task<NodeStatus?> AskAsync(CancellationToken cancellation)
    {
        try
        {
            return await _http.GetFromJsonAsync<NodeStatus>($"{Address}/api/status", cancellation);
        }
        catch (Exception exception) when (NodeAddress.IsNoAnswer(exception) || exception is System.Text.Json.JsonException
            || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }
}
