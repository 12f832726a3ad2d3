using System.Diagnostics;
using System.Globalization;

namespace Pulse.Benchmarks.Subjects;

/// <summary>
/// A process under test. It can be suspended while its topic is filled, so that what is measured after
/// <see cref="Resume"/> is reading at full speed and nothing else.
/// </summary>
internal sealed class SubjectProcess : IAsyncDisposable
{
    // What Linux tells processor time in, on every platform: sysconf(_SC_CLK_TCK).
    private const double TicksPerSecond = 100;

    private static readonly TimeSpan CheckpointRepeat = TimeSpan.FromSeconds(1);

    private readonly Process _process;
    private readonly Task _started;
    private readonly Task _reading;
    private volatile SubjectReport _latest = new();
    private TaskCompletionSource _changed = New();

    private SubjectProcess(Process process)
    {
        _process = process;
        _started = _changed.Task;
        _reading = ReadAsync();
    }

    /// <summary>Its newest report.</summary>
    public SubjectReport Latest => _latest;

    /// <summary>The processor time it has used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            // After the name, which may hold spaces: utime and stime are fields 14 and 15 of the line.
            var stat = File.ReadAllText($"/proc/{_process.Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
            return TimeSpan.FromSeconds(ticks / TicksPerSecond);
        }
    }

    /// <summary>The largest resident set so far, in bytes.</summary>
    public long PeakBytes
    {
        get
        {
            var line = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return long.Parse(line.AsSpan(6).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture) * 1024;
        }
    }

    public static async Task<SubjectProcess> StartAsync(SubjectSettings settings)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        // Under "dotnet run" the process is the program itself; under "dotnet x.dll" it is dotnet.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(SubjectProcess).Assembly.Location);
        start.ArgumentList.Add(SubjectProgram.Verb);
        start.ArgumentList.Add(settings.ToJson());
        var process = new SubjectProcess(Process.Start(start)!);
        await process._started;
        return process;
    }

    /// <summary>Completes with the next report after this call.</summary>
    public Task ChangedAsync(CancellationToken stop) => Volatile.Read(ref _changed).Task.WaitAsync(stop);

    /// <summary>Has everything made durable.</summary>
    /// <returns>How long it took until all was committed.</returns>
    public async Task<TimeSpan> CheckpointAsync(CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        var committed = UntilAsync(report => report.IsCommitted, stop);
        // One command reaches as far as buckets have recovered; so it is repeated.
        do
            await _process.StandardInput.WriteLineAsync(SubjectProgram.CheckpointCommand);
        while (await Task.WhenAny(committed, Task.Delay(CheckpointRepeat, stop)) != committed);
        await committed;
        return watch.Elapsed;
    }

    /// <summary>Collects garbage and says how many bytes are left.</summary>
    public async Task<long> CollectAsync(CancellationToken stop)
    {
        var before = _latest.Heap;
        await _process.StandardInput.WriteLineAsync(SubjectProgram.CollectCommand);
        await UntilAsync(report => report.Heap != before, stop);
        return _latest.Heap;
    }

    /// <summary>Completes with the first report that is as wanted.</summary>
    public async Task UntilAsync(Func<SubjectReport, bool> isWanted, CancellationToken stop)
    {
        while (true)
        {
            var changed = ChangedAsync(stop);
            if (isWanted(_latest))
                return;
            await changed;
        }
    }

    public void Suspend() => Signal("STOP");

    public void Resume() => Signal("CONT");

    public void Kill() => _process.Kill();

    /// <summary>Ends the process in good order.</summary>
    /// <returns>Its last report, with totals.</returns>
    public async Task<SubjectReport> EndAsync()
    {
        _process.StandardInput.Close();
        await _reading;
        await _process.WaitForExitAsync();
        return _latest.Totals is not null
            ? _latest
            : throw new InvalidOperationException($"A process under test ended with exit code {_process.ExitCode}.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            _latest = SubjectReport.FromJson(line);
            Interlocked.Exchange(ref _changed, New()).TrySetResult();
        }

        _changed.TrySetException(new InvalidOperationException("A process under test ended before its time."));
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
