namespace Pulse.Simulator.Generation;

/// <summary>
/// The ways in which the simulator spoils a record. Each is bad for every consumer that counts the three built-in
/// rollups, whatever it is written with: it breaks JSON itself or a field that these rollups or the window need.
/// </summary>
public enum MalformedKind
{
    /// <summary>The record is a good viewing event.</summary>
    None,

    /// <summary>Text that is no JSON.</summary>
    NotJson,

    /// <summary>A valid event cut off before its closing brace.</summary>
    Truncated,

    /// <summary>A value of no bytes.</summary>
    Empty,

    /// <summary>JSON, but an array, a number, a text or null.</summary>
    NotAnObject,

    /// <summary>A valid event with something behind it.</summary>
    TrailingText,

    /// <summary>A field that a built-in rollup or the window needs is absent.</summary>
    MissingField,

    /// <summary>A needed field holds null, an array, an object, or a text where a number belongs.</summary>
    WrongType,

    /// <summary>The timestamp is a text, but no ISO-8601 timestamp.</summary>
    BadTimestamp,

    /// <summary>The timestamp lies before the year 1970.</summary>
    BeforeTheYear1970,

    /// <summary>The timestamp lies centuries ahead.</summary>
    FarFuture,

    /// <summary>The age is negative, beyond any human's, or no whole number.</summary>
    AgeOutOfRange,

    /// <summary>A needed text holds bytes that are not UTF-8.</summary>
    InvalidUtf8,
}
