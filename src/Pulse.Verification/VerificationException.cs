namespace Pulse.Verification;

/// <summary>Nothing could be judged; the message is one line for people.</summary>
public sealed class VerificationException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    /// <param name="isMistake">Whether what was asked for or stored can't be judged by this program at all; else something is out of reach.</param>
    /// <param name="cause">What went wrong underneath, if anything did.</param>
    public VerificationException(string message, bool isMistake, Exception? cause = null)
        : base(message, cause) => IsMistake = isMistake;

    /// <summary>Whether trying again changes nothing: settings, or a database that this program does not understand.</summary>
    public bool IsMistake { get; }
}
