using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>
/// One thread of another process, stopped by the kernel (ptrace) until this is disposed of, as if the call that it is in never came
/// back. Linux; the process must be a child of this one.
/// </summary>
internal sealed partial class StoppedThread : IDisposable
{
    private const long Seize = 0x4206;
    private const long Interrupt = 0x4207;
    private const long Detach = 17;
    private const int WaitForAnyThread = 0x40000000;
    private const int LongestName = 15;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly ManualResetEventSlim _end = new();
    private readonly TaskCompletionSource _stopped = new();
    private readonly Thread _tracer;

    private StoppedThread(int process, string name)
    {
        // The kernel takes requests of the thread only that began to trace.
        _tracer = new Thread(() => Trace(process, name[..Math.Min(name.Length, LongestName)])) { IsBackground = true };
        _tracer.Start();
    }

    /// <summary>Stops the newest thread of that name, in the midst of a system call.</summary>
    /// <param name="process">The process's number.</param>
    /// <param name="name">The thread's name.</param>
    public static async Task<StoppedThread> OfAsync(int process, string name)
    {
        var stopped = new StoppedThread(process, name);
        await stopped._stopped.Task.WaitAsync(Limit);
        return stopped;
    }

    /// <summary>Lets it go on.</summary>
    public void Dispose()
    {
        _end.Set();
        _tracer.Join();
        _end.Dispose();
    }

    private void Trace(int process, string name)
    {
        try
        {
            while (true)
            {
                var thread = Newest(process, name);
                Must(PTrace(Seize, thread, 0, 0));
                Must(PTrace(Interrupt, thread, 0, 0));
                Must(WaitPid(thread, out _, WaitForAnyThread));
                // One that was stopped in code of .NET would stop the whole process at the next garbage collection.
                if (IsInSystemCall(process, thread))
                {
                    _stopped.SetResult();
                    _end.Wait();
                }

                // It may be gone with its process.
                _ = PTrace(Detach, thread, 0, 0);
                if (_end.IsSet)
                    return;
            }
        }
        catch (Exception failure) when (failure is Win32Exception or IOException or InvalidOperationException)
        {
            _stopped.TrySetException(failure);
        }
    }

    private static int Newest(int process, string name) => Directory.GetDirectories($"/proc/{Text(process)}/task")
        .Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))
        .Where(thread => NameOf(process, thread) == name)
        .Max();

    // Null for one that has ended since threads were listed.
    private static string? NameOf(int process, int thread)
    {
        try
        {
            return File.ReadAllText($"/proc/{Text(process)}/task/{Text(thread)}/comm").TrimEnd();
        }
        catch (IOException)
        {
            return null;
        }
    }

    // The number of the call; or -1, outside of one.
    private static bool IsInSystemCall(int process, int thread) =>
        char.IsAsciiDigit(File.ReadAllText($"/proc/{Text(process)}/task/{Text(thread)}/syscall")[0]);

    private static void Must(long result)
    {
        if (result < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "ptrace", SetLastError = true)]
    private static partial long PTrace(long request, int thread, nint address, nint data);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitPid(int thread, out int status, int options);
}
