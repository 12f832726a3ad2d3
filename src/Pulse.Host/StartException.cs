namespace Pulse.Host;

/// <summary>The process can't start; the message says what is wrong, where, and what to do.</summary>
public sealed class StartException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong, where, and what to do about it.</param>
    /// <param name="innerException">The cause, for the log.</param>
    /// <param name="isMistake">Whether a setting is wrong, so that starting again helps nothing.</param>
    public StartException(string message, Exception? innerException = null, bool isMistake = false)
        : base(message, innerException) => IsMistake = isMistake;

    /// <summary>Whether a setting is wrong, so that starting again helps nothing.</summary>
    public bool IsMistake { get; }
}
