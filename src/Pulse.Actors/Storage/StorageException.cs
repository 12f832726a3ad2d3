namespace Pulse.Actors.Storage;

/// <summary>Storage can't do what was asked; the message says what, where and what to do.</summary>
public sealed class StorageException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What failed, where, and what to do about it; holds no secret.</param>
    /// <param name="innerException">The cause, for the log.</param>
    public StorageException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
