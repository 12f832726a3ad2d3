namespace Pulse.Host;

/// <summary>How the process ends: the first failure decides, and asks the host to stop.</summary>
internal sealed class RunOutcome(IHostApplicationLifetime lifetime)
{
    private string? _failure;

    /// <summary>Why the process failed, in one line for people; null while it has not.</summary>
    public string? Failure => Volatile.Read(ref _failure);

    /// <summary>The exit code: 0 done, 1 failed.</summary>
    public int ExitCode => Failure is null ? 0 : 1;

    /// <summary>Ends the process as failed.</summary>
    public void Fail(string failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        // What is still starting can't end in good order, so the end waits for the start; at once where that is over.
        lifetime.ApplicationStarted.Register(lifetime.StopApplication);
    }

    /// <summary>Ends the process as done.</summary>
    public void Finish() => lifetime.StopApplication();
}
