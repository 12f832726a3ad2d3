namespace Pulse.Host.Embedded;

/// <summary>
/// Holds a data directory while this process lives: alone with the embedded broker, whose log nobody else counts; together
/// with others where brokers are outside. The lock is the operating system's own, on an open file, so it ends with the process, however
/// that ends. Commands that work beside a node take none.
/// </summary>
internal sealed class DataDirectoryLock : IDisposable
{
    private const string FileName = "node.lock";

    // What a lock that somebody else holds is called: EWOULDBLOCK of Linux and of macOS, ERROR_SHARING_VIOLATION of Windows.
    private static readonly int[] HeldByOthers = [11, 35, unchecked((int)0x80070020)];

    private readonly string _directory;
    private readonly FileStream _lock;

    private DataDirectoryLock(string directory, FileStream @lock)
    {
        _directory = directory;
        _lock = @lock;
    }

    /// <summary>Takes the lock, and says beside it who has it.</summary>
    /// <param name="directory">One that is there and can be written to.</param>
    /// <param name="isAlone">Whether no other node may hold it too.</param>
    /// <exception cref="StartException">Another process holds it.</exception>
    public static DataDirectoryLock Take(string directory, bool isAlone)
    {
        try
        {
            // On Unix, sharing nothing is an exclusive flock, and sharing something a shared one.
            var held = new DataDirectoryLock(directory, new FileStream(
                Path.Combine(directory, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite,
                isAlone ? FileShare.None : FileShare.ReadWrite));
            NodeNote.RemoveFormer(directory, isAlone);
            NodeNote.Own.Write(directory);
            return held;
        }
        catch (IOException exception) when (HeldByOthers.Contains(exception.HResult))
        {
            var holders = NodeNote.OthersIn(directory);
            throw new StartException(
                $"The data directory {directory} is in use: {(holders.Count == 0 ? "another process" : string.Join("; ", holders))} holds it. "
                + "A node with the embedded broker shares its directory with nobody. Stop the other node, or choose another directory with "
                + "--data or Pulse:Data.",
                exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"The data directory {directory} can't be locked ({exception.Message.TrimEnd('.')}). Choose another with --data or Pulse:Data.",
                exception);
        }
    }

    /// <summary>Says where the node's dashboard is.</summary>
    public void Announce(string address)
    {
        try
        {
            (NodeNote.Own with { Address = address }).Write(_directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Who comes second is told the process alone.
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        try
        {
            NodeNote.Own.Remove(_directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Who reads it finds the process gone.
        }

        _lock.Dispose();
    }
}
