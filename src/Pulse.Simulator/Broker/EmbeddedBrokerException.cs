namespace Pulse.Simulator.Broker;

/// <summary>The embedded broker cannot do what was asked; the message says what and why in one line.</summary>
public sealed class EmbeddedBrokerException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">One line for the user.</param>
    /// <param name="cause">What went wrong underneath, if anything did.</param>
    public EmbeddedBrokerException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
