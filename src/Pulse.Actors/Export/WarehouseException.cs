namespace Pulse.Actors.Export;

/// <summary>A replacement of a date in the warehouse failed; the message says what, where and what to do.</summary>
public sealed class WarehouseException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What failed, where, and what to do about it.</param>
    /// <param name="innerException">The cause, for the log.</param>
    public WarehouseException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
