using System.Diagnostics;
using Pulse.Simulator.Processes;

namespace Pulse.Benchmarks.Subjects;

/// <summary>
/// A process under test. It can be suspended while its topic is filled, so that what is measured after
/// <see cref="Resume"/> is reading at full speed and nothing else.
/// </summary>
internal sealed class SubjectProcess : IAsyncDisposable
{
    private static readonly TimeSpan CheckpointRepeat = TimeSpan.FromSeconds(1);

    private readonly ChildProcess _process;
    private readonly Task _started;
    private readonly Task _ended;
    private volatile SubjectReport _latest = new();
    private TaskCompletionSource _changed = New();

    private SubjectProcess(string program, IEnumerable<string> arguments)
    {
        _started = _changed.Task;
        _process = ChildProcess.Start(program, arguments, new ChildProcessOptions
        {
            KeepsInputOpen = true, OnOutput = Take, OnError = Console.Error.WriteLine,
        });
        _ended = EndedAsync();
    }

    /// <summary>Its newest report.</summary>
    public SubjectReport Latest => _latest;

    /// <summary>The processor time it has used.</summary>
    public TimeSpan ProcessorTime => _process.ProcessorTime;

    /// <summary>The largest resident set so far, in bytes.</summary>
    public long PeakBytes => _process.PeakBytes;

    public static async Task<SubjectProcess> StartAsync(SubjectSettings settings)
    {
        // Under "dotnet run" the process is the program itself; under "dotnet x.dll" it is dotnet.
        var isHost = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        var process = new SubjectProcess(
            Environment.ProcessPath!,
            [.. isHost ? [typeof(SubjectProcess).Assembly.Location] : (string[])[], SubjectProgram.Verb, settings.ToJson()]);
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
            await _process.Input.WriteLineAsync(SubjectProgram.CheckpointCommand);
        while (await Task.WhenAny(committed, Task.Delay(CheckpointRepeat, stop)) != committed);
        await committed;
        return watch.Elapsed;
    }

    /// <summary>Collects garbage and says how many bytes are left.</summary>
    public async Task<long> CollectAsync(CancellationToken stop)
    {
        var before = _latest.Heap;
        await _process.Input.WriteLineAsync(SubjectProgram.CollectCommand);
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

    public void Suspend() => _process.Signal("STOP");

    public void Resume() => _process.Signal("CONT");

    public void Kill() => _process.Kill();

    /// <summary>Ends the process in good order.</summary>
    /// <returns>Its last report, with totals.</returns>
    public async Task<SubjectReport> EndAsync()
    {
        _process.Input.Close();
        await _ended;
        return _latest.Totals is not null
            ? _latest
            : throw new InvalidOperationException($"A process under test ended with exit code {_process.ExitCode}.");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _ended;
        await _process.DisposeAsync();
    }

    private void Take(string line)
    {
        _latest = SubjectReport.FromJson(line);
        Interlocked.Exchange(ref _changed, New()).TrySetResult();
    }

    private async Task EndedAsync()
    {
        await _process.ExitAsync();
        Volatile.Read(ref _changed).TrySetException(new InvalidOperationException("A process under test ended before its time."));
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
