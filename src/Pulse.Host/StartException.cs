namespace Pulse.Host;

/// <summary>The process can't start; the message says what is wrong, where, and what to do.</summary>
public sealed class StartException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong, where, and what to do about it.</param>
    /// <param name="innerException">The cause, for the log.</param>
    public StartException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
