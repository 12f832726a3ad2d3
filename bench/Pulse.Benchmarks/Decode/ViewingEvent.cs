namespace Pulse.Benchmarks.Decode;

/// <summary>A viewing event as one usually declares it.</summary>
internal sealed record ViewingEvent(
    string EventId,
    string UserId,
    string UserName,
    int UserAge,
    string UserGender,
    string UserLocation,
    string DeviceType,
    string ContentType,
    string ContentID,
    string ContentName,
    string Genre,
    int ReleaseYear,
    int ContentLength,
    string Language,
    string MaturityRating,
    DateTimeOffset EventTimestamp);
