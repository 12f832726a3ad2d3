namespace Pulse.Verification.Events;

/// <summary>Why a record is no event. The names are those of the contract, as the ledger of dead letters has them.</summary>
internal enum Fault
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>No value, or one without bytes.</summary>
    Empty,

    /// <summary>The value is not one JSON value.</summary>
    NotJson,

    /// <summary>It is JSON, but no object.</summary>
    NotAnObject,

    /// <summary>A required field is absent.</summary>
    MissingField,

    /// <summary>A required field has another JSON type.</summary>
    WrongType,

    /// <summary>A required text is empty.</summary>
    EmptyText,

    /// <summary>A required text is too long.</summary>
    TextTooLong,

    /// <summary>A required text has characters that are not allowed, or is no valid Unicode.</summary>
    InvalidText,

    /// <summary>A required number is not a whole number in its range.</summary>
    NumberOutOfRange,

    /// <summary>The timestamp is spelled in a way that is not read.</summary>
    InvalidTimestamp,

    /// <summary>The timestamp is a leap second.</summary>
    LeapSecond,

    /// <summary>The timestamp lies before the year 1970.</summary>
    TimestampTooOld,

    /// <summary>The timestamp lies too far after the record's own, or after the year 9000.</summary>
    TimestampInFuture,
}
