using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Pulse.Simulator.Processes;

/// <summary>
/// A program as a child process: its output is kept by line, it can be signalled as an orchestrator or a crash does, and it does
/// not outlive this process, however that ends.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    /// <summary>So many of the newest lines are kept of each of its two outputs.</summary>
    public const int LinesKept = 50_000;

    // What Linux tells processor time in, on every platform: sysconf(_SC_CLK_TCK).
    private const double TicksPerSecond = 100;

    private readonly Process _process;
    private readonly Process? _watchdog;
    private readonly Lock _gate = new();
    private readonly Queue<string> _output = [];
    private readonly Queue<string> _errors = [];

    private ChildProcess(ProcessStartInfo start, ChildProcessOptions options)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(_output, line.Data, options.OnOutput);
        _process.ErrorDataReceived += (_, line) => Keep(_errors, line.Data, options.OnError);
        _process.Start();
        // One that follows its input ends with this process by itself.
        if (!options.KeepsInputOpen)
        {
            _watchdog = StartWatchdog(_process.Id);
            _process.StandardInput.Close();
        }

        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it runs, or is suspended.</summary>
    public bool IsRunning => !_process.HasExited;

    /// <summary>How it ended; only once it has.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Its standard input, where that is kept open; closing it asks a program that follows its input to end.</summary>
    public StreamWriter Input => _process.StandardInput;

    /// <summary>The lines of its standard output so far.</summary>
    public IReadOnlyList<string> Output => Copy(_output);

    /// <summary>The lines of its standard error so far.</summary>
    public IReadOnlyList<string> Errors => Copy(_errors);

    /// <summary>The processor time that it has used, as the kernel has it. Linux.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            // After the name, which may hold spaces: utime and stime are fields 14 and 15 of the line.
            var stat = File.ReadAllText($"/proc/{Text(Id)}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromSeconds((Number(fields[11]) + Number(fields[12])) / TicksPerSecond);
        }
    }

    /// <summary>The largest resident set so far, in bytes, as the kernel has it. Linux.</summary>
    public long PeakBytes => Number(File.ReadLines($"/proc/{Text(Id)}/status")
        .First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))["VmHWM:".Length..].Trim().Split(' ')[0]) * 1024;

    /// <summary>Starts a program.</summary>
    /// <param name="program">Its file, or its name on the PATH.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="options">Where and how.</param>
    public static ChildProcess Start(string program, IEnumerable<string> arguments, ChildProcessOptions? options = null)
    {
        options ??= new ChildProcessOptions();
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = options.Directory ?? "",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var variable in start.Environment.Keys.Where(options.IsHidden).ToList())
            start.Environment.Remove(variable);
        foreach (var (variable, value) in options.Environment)
            start.Environment[variable] = value;
        return new ChildProcess(start, options);
    }

    /// <summary>Waits for its end, and for the last of its output.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync(CancellationToken cancellation = default)
    {
        await _process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        return _process.ExitCode;
    }

    /// <summary>Ends it at once, as a crash does.</summary>
    public void Kill()
    {
        if (IsRunning)
            _process.Kill();
    }

    /// <summary>Sends a signal, such as TERM, STOP or CONT.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, Text(Id)]);
        kill.WaitForExit();
    }

    /// <summary>Ends it, if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _watchdog?.Kill();
        _watchdog?.Dispose();
        _process.Dispose();
    }

    // Its input closes when this process ends, also when that is killed.
    private static Process StartWatchdog(int process) => Process.Start(new ProcessStartInfo(
        "sh", ["-c", "trap '' INT TERM HUP; cat > /dev/null; kill -KILL $1", "sh", Text(process)])
    {
        RedirectStandardInput = true,
        RedirectStandardError = true,
    })!;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private void Keep(Queue<string> lines, string? line, Action<string>? told)
    {
        if (line is null)
            return;
        lock (_gate)
        {
            lines.Enqueue(line);
            if (lines.Count > LinesKept)
                lines.Dequeue();
        }

        told?.Invoke(line);
    }

    private List<string> Copy(Queue<string> lines)
    {
        lock (_gate)
            return [.. lines];
    }
}
