namespace Pulse.Events;

/// <summary>Every way in which a record can fail to be a viewing event.</summary>
public enum BadRecordReason
{
    /// <summary>It is a viewing event.</summary>
    None,

    /// <summary>The record has no value (a tombstone) or an empty one.</summary>
    Empty,

    /// <summary>The bytes are not one JSON value.</summary>
    NotJson,

    /// <summary>The JSON value is not an object.</summary>
    NotAnObject,

    /// <summary>A required field is absent.</summary>
    MissingField,

    /// <summary>A required field has another JSON type than the contract's.</summary>
    WrongType,

    /// <summary>A required text is empty.</summary>
    EmptyText,

    /// <summary>A required text is longer than <see cref="EventDecoder.MaximumTextBytes"/>.</summary>
    TextTooLong,

    /// <summary>A required text is not valid Unicode, or holds control characters that storage can't hold.</summary>
    InvalidText,

    /// <summary>A required number is no whole number in its allowed range.</summary>
    NumberOutOfRange,

    /// <summary>The timestamp is spelled in a way that is not read.</summary>
    InvalidTimestamp,

    /// <summary>The timestamp is a leap second, such as 2016-12-31T23:59:60Z.</summary>
    LeapSecond,

    /// <summary>The timestamp lies before the year 1970.</summary>
    TimestampTooOld,

    /// <summary>The timestamp lies further after the Kafka record's own than is allowed, or after the year 9000.</summary>
    TimestampInFuture,
}
