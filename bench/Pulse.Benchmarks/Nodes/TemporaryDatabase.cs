using Pulse.Actors.Storage;

namespace Pulse.Benchmarks.Nodes;

/// <summary>A SQLite database in a directory of its own, deleted at the end.</summary>
internal sealed class TemporaryDatabase : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pulse-benchmark-").FullName;

    public StorageOptions Storage => new(StorageKind.Sqlite, $"Data Source={Path.Combine(_directory, "pulse.db")}");

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
