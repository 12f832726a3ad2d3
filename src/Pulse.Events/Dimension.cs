using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Pulse.Counting;

namespace Pulse.Events;

/// <summary>
/// A named attribute that is derived from one field of a viewing event. The set is fixed by the event's contract;
/// rollups combine them freely.
/// </summary>
/// <param name="Name">The name in configuration, tables and the API, such as <c>device_type</c>.</param>
/// <param name="Field">The field of the event that the value comes from.</param>
/// <param name="Derivation">How the value is made of that field.</param>
public sealed record Dimension(string Name, EventField Field, Derivation Derivation)
{
    /// <summary>Every dimension that a rollup can name.</summary>
    public static IReadOnlyList<Dimension> All { get; } =
    [
        new("device_type", EventField.DeviceType, Derivation.Text),
        new("genre", EventField.Genre, Derivation.Text),
        new("gender", EventField.UserGender, Derivation.Text),
        new("age_group", EventField.UserAge, Derivation.AgeGroup),
        new("country", EventField.UserLocation, Derivation.Text),
        new("maturity_rating", EventField.MaturityRating, Derivation.Text),
        new("content_type", EventField.ContentType, Derivation.Text),
        new("language", EventField.Language, Derivation.Text),
        new("content_name", EventField.ContentName, Derivation.Text),
        new("release_decade", EventField.ReleaseYear, Derivation.Decade),
    ];

    private static readonly FrozenDictionary<string, Dimension> ByName =
        All.ToFrozenDictionary(dimension => dimension.Name, StringComparer.Ordinal);

    /// <summary>Whether a record without a value for it is no event; else it has the value that <see cref="EventSchema"/> gives.</summary>
    public bool IsRequired { get; } = EventSchema.Required.Contains(Field);

    /// <summary>Finds a dimension by its exact name.</summary>
    public static bool TryFind(string name, [NotNullWhen(true)] out Dimension? dimension) =>
        ByName.TryGetValue(name, out dimension);

    /// <summary>The dimensions of rollups, each once, in the order in which they are first named.</summary>
    public static Dimension[] Of(IEnumerable<Rollup> rollups) =>
        [.. rollups.SelectMany(rollup => rollup.Dimensions).Distinct().Select(name => ByName[name])];

    /// <inheritdoc />
    public override string ToString() => Name;
}
