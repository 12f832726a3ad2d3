namespace Pulse.Actors.Storage;

/// <summary>Which journal event a bucket's results come from.</summary>
/// <param name="PersistenceId">The bucket's persistence id.</param>
/// <param name="SequenceNumber">The event's sequence number.</param>
public readonly record struct StoredCheckpoint(string PersistenceId, long SequenceNumber);
