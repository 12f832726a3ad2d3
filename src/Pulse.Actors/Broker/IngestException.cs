namespace Pulse.Actors.Broker;

/// <summary>The stream can't be read as it is; the message says what, where and what to do.</summary>
public sealed class IngestException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong, where, and what to do about it; holds no secret.</param>
    /// <param name="innerException">The cause, for the log.</param>
    public IngestException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>Whether a broker has said so; else it may be that none answered.</summary>
    public bool IsAnswer { get; init; }

    /// <summary>Whether the log that is there now can't tell it, however often it is asked.</summary>
    public bool IsUnknowable { get; init; }
}
