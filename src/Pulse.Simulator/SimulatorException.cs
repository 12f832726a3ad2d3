namespace Pulse.Simulator;

/// <summary>A simulation cannot go on; the message is one line for the user: what, where, and what to do.</summary>
public sealed class SimulatorException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">One line for the user.</param>
    /// <param name="cause">What went wrong underneath, if anything did.</param>
    public SimulatorException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
