namespace Pulse.Actors.Storage;

/// <summary>The databases that Pulse stores results and checkpoints in.</summary>
public enum StorageKind
{
    /// <summary>One file beside one node: the embedded default, not for production.</summary>
    Sqlite,

    /// <summary>PostgreSQL 13 or later, shared by all nodes.</summary>
    Postgres,
}
