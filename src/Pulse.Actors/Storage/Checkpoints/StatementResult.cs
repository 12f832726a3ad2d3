namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>What is known of a statement that was sent to the database.</summary>
internal enum StatementResult
{
    /// <summary>It is stored, by this sending.</summary>
    Stored,

    /// <summary>
    /// This sending changed nothing, since the row held another content than the statement follows on. It may have been stored
    /// before: the row's checkpoint tells.
    /// </summary>
    NotStored,

    /// <summary>It may have been stored or not, or may yet be: the row's checkpoint tells.</summary>
    Unknown,

    /// <summary>
    /// The database refused it this time, for the sake of what it holds or of what its table is. An earlier sending may have been
    /// stored: the row's checkpoint tells.
    /// </summary>
    Refused,
}
