using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Pulse.Actors.Broker;

/// <summary>All Kafka clients of the process.</summary>
public static unsafe partial class KafkaClients
{
    /// <summary>
    /// Waits until all clients have ended; to be called last. Many end on threads that nobody waits for. If the process ended meanwhile,
    /// they would use what its libraries free at the end (<c>free(): invalid size</c>, exit code 134).
    /// </summary>
    /// <param name="exitCode">The process's exit code.</param>
    /// <param name="limit">How long to wait. Where a client is stuck, the process ends here, and frees nothing.</param>
    /// <returns>The exit code.</returns>
    public static int End(int exitCode, TimeSpan limit)
    {
        if (Library.IsLoaded && NativeClient.WaitUntilDestroyed((int)limit.TotalMilliseconds) != 0 && !OperatingSystem.IsWindows())
            EndAtOnce(exitCode);
        return exitCode;
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void EndAtOnce(int exitCode);
}
