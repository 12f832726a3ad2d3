namespace Pulse.Events;

/// <summary>
/// Which fields a viewing event must have, whatever rollups there are: so adding a rollup never turns an event into a dead
/// letter for the others. What only a user's rollup names is optional, and has a value where it is absent.
/// </summary>
public static class EventSchema
{
    /// <summary>
    /// The number of the rules by which records are decoded. It is stored in every declaration: other rules would be another
    /// version of each rollup.
    /// </summary>
    public const int DecodingRules = 1;

    /// <summary>The value of a dimension whose optional field is absent or null.</summary>
    public const string Absent = "(none)";

    /// <summary>The value of a dimension whose optional field is not what the contract allows.</summary>
    public const string Invalid = "(invalid)";

    /// <summary>The fields without which a record is no event, beside <see cref="EventField.EventTimestamp"/>.</summary>
    public static IReadOnlyList<EventField> Required { get; } =
    [
        EventField.DeviceType, EventField.Genre, EventField.UserGender, EventField.UserAge, EventField.UserLocation,
        EventField.MaturityRating,
    ];
}
