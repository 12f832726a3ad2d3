namespace Pulse.Actors.Storage;

/// <summary>Storage can't do what was asked; the message says what, where and what to do.</summary>
public class StorageException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What failed, where, and what to do about it; holds no secret.</param>
    /// <param name="innerException">The cause, for the log.</param>
    /// <param name="isTransient">Whether the same request can succeed later with nothing changed by a person.</param>
    public StorageException(string message, Exception? innerException = null, bool isTransient = false)
        : base(message, innerException) => IsTransient = isTransient;

    /// <summary>
    /// Whether the same request can succeed later with nothing changed by a person: the database is away, busy or
    /// starting. False where configuration or data must change first.
    /// </summary>
    public bool IsTransient { get; }
}
