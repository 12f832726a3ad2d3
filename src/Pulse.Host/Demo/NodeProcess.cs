using System.Diagnostics;
using System.Globalization;
using Pulse.Host.Api;

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
    private readonly List<Process> _formers = [];
    private Process? _process;
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
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>What it last answered; null while it does not.</summary>
    public NodeStatus? Status => Volatile.Read(ref _status);

    /// <summary>The exit code of the process that ended last.</summary>
    public int? ExitCode => _process is { HasExited: true } ended ? ended.ExitCode : null;

    /// <summary>Where the node's output goes.</summary>
    public string LogFile => Path.Combine(_dataDirectory, $"node-{Number}.log");

    /// <summary>Starts the process, for the first time or again.</summary>
    public void Start()
    {
        var start = StartInfo();
        foreach (var (name, value) in _environment)
            start.Environment[name] = value;
        if (_process is { } former)
        {
            _formers.Add(former);
            // The first seed founds a cluster when nobody answers in time; now there is one already.
            if (Number == 1)
                start.Environment["Pulse__Cluster__SeedNodeTimeout"] = "00:01:00";
        }

        _process = Process.Start(start) ?? throw new StartException($"Node {Number} could not be started.");
        State = "starting";
        var log = new StreamWriter(LogFile, append: true) { AutoFlush = true };
        _ = CopyAsync(_process.StandardOutput, log);
        _ = CopyAsync(_process.StandardError, log);
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
        Signal("TERM");
        using var limit = new CancellationTokenSource(StopTimeout);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        State = "stopped";
        return process.ExitCode;
    }

    /// <summary>SIGSTOP: a zombie that will wake up.</summary>
    public void Pause()
    {
        Signal("STOP");
        State = "paused";
    }

    /// <summary>SIGCONT.</summary>
    public void Resume()
    {
        Signal("CONT");
        State = "woken";
    }

    /// <summary>Waits until the process has ended by itself.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync(CancellationToken cancellation)
    {
        await _process!.WaitForExitAsync(cancellation);
        State = "ended";
        return _process.ExitCode;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        await _polling;
        if (IsRunning)
        {
            _process!.Kill();
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        _formers.ForEach(former => former.Dispose());
        _http.Dispose();
        _disposed.Dispose();
    }

    private ProcessStartInfo StartInfo()
    {
        string[] arguments =
        [
            "run", "--port", HttpPort.ToString(CultureInfo.InvariantCulture), "--data", _dataDirectory, "--follow-input",
        ];
        var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Pulse.Host.exe" : "Pulse.Host");
        var start = File.Exists(program)
            ? new ProcessStartInfo(program, arguments)
            : new ProcessStartInfo("dotnet", [typeof(NodeProcess).Assembly.Location, .. arguments]);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        return start;
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
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
        catch (Exception exception) when (exception is HttpRequestException or System.Text.Json.JsonException
            || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    private static async Task CopyAsync(StreamReader from, StreamWriter to)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            lock (to)
                to.WriteLine(line);
        }
    }
}
