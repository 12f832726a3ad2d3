namespace Pulse.Verification.Declarations;

/// <summary>The fields of an event that rules number 1 know. The names are those of the JSON contract.</summary>
internal enum EventField
{
    /// <summary>A text.</summary>
    DeviceType,

    /// <summary>A text.</summary>
    Genre,

    /// <summary>A text.</summary>
    UserGender,

    /// <summary>A whole number from 0 to 150.</summary>
    UserAge,

    /// <summary>A text.</summary>
    UserLocation,

    /// <summary>A text.</summary>
    MaturityRating,

    /// <summary>A text.</summary>
    ContentType,

    /// <summary>A text.</summary>
    Language,

    /// <summary>A text.</summary>
    ContentName,

    /// <summary>A whole number from 1000 to 9999.</summary>
    ReleaseYear,

    /// <summary>An instant.</summary>
    EventTimestamp,
}
