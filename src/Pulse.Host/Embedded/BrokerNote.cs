using System.Text.Json;

namespace Pulse.Host.Embedded;

/// <summary>
/// Where a running node and its embedded broker are, in a file of its data directory: so that another command finds it. A node that ends
/// in good order removes it; one that was killed leaves it behind.
/// </summary>
/// <param name="BootstrapServers">Where clients connect.</param>
/// <param name="StreamIdentity">The identity of its topics.</param>
/// <param name="ProcessId">The node's process.</param>
/// <param name="Address">The node's dashboard.</param>
internal sealed record BrokerNote(string BootstrapServers, string StreamIdentity, int ProcessId, string Address)
{
    private const string FileName = "broker.json";

    /// <summary>Writes the file; it goes when the result is disposed of.</summary>
    /// <exception cref="StartException">It can't be written.</exception>
    public IDisposable Post(string directory)
    {
        var file = Path.Combine(directory, FileName);
        try
        {
            Directory.CreateDirectory(directory);
            File.WriteAllText(file, JsonSerializer.Serialize(this));
            return new Posted(file, this);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{file} can't be written ({exception.Message}). Choose another directory with --data or Pulse:Data.", exception);
        }
    }

    /// <summary>Reads the file.</summary>
    /// <returns>Null where there is none, or none that can be read, or where the node's process has ended.</returns>
    public static BrokerNote? FindRunning(string directory) =>
        Find(directory) is { } note && NodeNote.IsRunning(note.ProcessId) ? note : null;

    private static BrokerNote? Find(string directory)
    {
        try
        {
            return JsonSerializer.Deserialize<BrokerNote>(File.ReadAllText(Path.Combine(directory, FileName)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private sealed class Posted(string file, BrokerNote note) : IDisposable
    {
        // The lock keeps others out, but not an earlier version of Pulse: what that has written is its own.
        public void Dispose()
        {
            try
            {
                if (Find(Path.GetDirectoryName(file)!) == note)
                    File.Delete(file);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Whoever reads it finds the process gone.
            }
        }
    }
}
