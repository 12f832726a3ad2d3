using Pulse.Host.Cli;

namespace Pulse.Host;

/// <summary>How the process ends: the first failure decides, and asks the host to stop.</summary>
internal sealed class RunOutcome(IHostApplicationLifetime lifetime)
{
    private sealed record Failed(string Why, int ExitCode);

    private Failed? _failed;

    /// <summary>Why the process failed, in one line for people; null while it has not.</summary>
    public string? Failure => Volatile.Read(ref _failed)?.Why;

    /// <summary>The exit code: 0 done, 1 failed, 2 wrong usage.</summary>
    public int ExitCode => Volatile.Read(ref _failed)?.ExitCode ?? HostCommand.Done;

    /// <summary>Ends the process as failed.</summary>
    public void Fail(string why, int exitCode = HostCommand.Failed)
    {
        Interlocked.CompareExchange(ref _failed, new Failed(why, exitCode), null);
        // What is still starting can't end in good order, so the end waits for the start; at once where that is over.
        lifetime.ApplicationStarted.Register(lifetime.StopApplication);
    }

    /// <summary>Ends the process as done.</summary>
    public void Finish() => lifetime.StopApplication();
}
