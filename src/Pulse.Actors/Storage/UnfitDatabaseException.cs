namespace Pulse.Actors.Storage;

/// <summary>A database is not one that Pulse can store in: it, a right in it, or the setting that names it has to change.</summary>
/// <param name="message">What does not fit, where, and what to do about it.</param>
/// <param name="innerException">The cause, for the log.</param>
public sealed class UnfitDatabaseException(string message, Exception? innerException = null) : StorageException(message, innerException);
