using System.Diagnostics;
using System.Text.Json;

namespace Pulse.Host.Embedded;

/// <summary>Which process holds a data directory, in a file of that directory. Says nothing by itself: the lock does.</summary>
/// <param name="ProcessId">The node's process.</param>
/// <param name="Machine">Where it runs.</param>
/// <param name="Address">Its dashboard; null while it starts.</param>
internal sealed record NodeNote(int ProcessId, string Machine, string? Address)
{
    private const string Files = "node-*.json";

    /// <summary>This process's, before its dashboard answers.</summary>
    public static NodeNote Own { get; } = new(Environment.ProcessId, Environment.MachineName, null);

    private string FileName => FormattableString.Invariant($"node-{Machine}-{ProcessId}.json");

    // Of a process on another machine nobody here knows.
    private bool IsGone => Machine == Environment.MachineName && !IsRunning(ProcessId);

    /// <summary>Writes or replaces the file.</summary>
    public void Write(string directory) => File.WriteAllText(Path.Combine(directory, FileName), JsonSerializer.Serialize(this));

    /// <summary>Removes the file.</summary>
    public void Remove(string directory) => File.Delete(Path.Combine(directory, FileName));

    /// <summary>The notes of processes that may still run, this one's excepted.</summary>
    public static IReadOnlyList<NodeNote> OthersIn(string directory) => [.. In(directory).Where(note => !note.IsGone)];

    /// <summary>Removes what killed processes have left behind.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="isAlone">Whether this process holds the directory alone, so that all other notes are of the past.</param>
    public static void RemoveFormer(string directory, bool isAlone)
    {
        foreach (var note in In(directory).Where(note => isAlone || note.IsGone))
            note.Remove(directory);
    }

    /// <summary>Whether a process of this machine runs.</summary>
    public static bool IsRunning(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>For people.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"process {ProcessId}")
        + (Machine == Environment.MachineName ? "" : $" on {Machine}")
        + (Address is null ? ", which starts" : $" at {Address}");

    private static IEnumerable<NodeNote> In(string directory) => Directory.EnumerateFiles(directory, Files).Select(Read).OfType<NodeNote>()
        .Where(note => note.FileName != Own.FileName);

    private static NodeNote? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<NodeNote>(File.ReadAllText(file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
