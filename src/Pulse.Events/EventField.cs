namespace Pulse.Events;

/// <summary>The fields of a viewing event that a rollup can need. The names are those of the JSON contract.</summary>
public enum EventField
{
    /// <summary>No field of the event.</summary>
    None,

    /// <summary>Age in years; a JSON number.</summary>
    UserAge,

    /// <summary>Gender, free text.</summary>
    UserGender,

    /// <summary>Country, free text.</summary>
    UserLocation,

    /// <summary>Device, free text.</summary>
    DeviceType,

    /// <summary>Film or show, free text.</summary>
    ContentType,

    /// <summary>Title, free text.</summary>
    ContentName,

    /// <summary>Genre, free text.</summary>
    Genre,

    /// <summary>Calendar year; a JSON number.</summary>
    ReleaseYear,

    /// <summary>Language, free text.</summary>
    Language,

    /// <summary>Maturity rating, free text.</summary>
    MaturityRating,

    /// <summary>When the view happened, ISO-8601; no zone means UTC.</summary>
    EventTimestamp,
}
