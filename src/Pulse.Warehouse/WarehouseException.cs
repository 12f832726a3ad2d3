namespace Pulse.Warehouse;

/// <summary>A date could not be put into the warehouse; the message says what, where and what to do.</summary>
public sealed class WarehouseException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What failed, where, and what to do about it.</param>
    /// <param name="innerException">The cause, for the log.</param>
    /// <param name="isPermanent">Whether it fails again until somebody does something about it.</param>
    public WarehouseException(string message, Exception? innerException = null, bool isPermanent = false)
        : base(message, innerException) => IsPermanent = isPermanent;

    /// <summary>Whether trying again is of no use until somebody does something about it.</summary>
    public bool IsPermanent { get; }
}
