using System.Collections.Frozen;
using System.Text.Json;

namespace Pulse.Host.Dashboard;

/// <summary>Finds the shape of an event's country on the map. Names that are the same need no entry.</summary>
internal sealed class CountryNames
{
    private static readonly FrozenDictionary<string, string> OtherNames = new Dictionary<string, string>
    {
        ["United States"] = "United States of America",
        ["USA"] = "United States of America",
        ["US"] = "United States of America",
        ["UK"] = "United Kingdom",
        ["Great Britain"] = "United Kingdom",
        ["Russian Federation"] = "Russia",
        ["Korea, Republic of"] = "South Korea",
        ["Republic of Korea"] = "South Korea",
        ["Korea"] = "South Korea",
        ["Czech Republic"] = "Czechia",
        ["Bosnia and Herzegovina"] = "Bosnia and Herz.",
        ["Central African Republic"] = "Central African Rep.",
        ["Democratic Republic of the Congo"] = "Dem. Rep. Congo",
        ["DR Congo"] = "Dem. Rep. Congo",
        ["Republic of the Congo"] = "Congo",
        ["Dominican Republic"] = "Dominican Rep.",
        ["Equatorial Guinea"] = "Eq. Guinea",
        ["Falkland Islands"] = "Falkland Is.",
        ["Ivory Coast"] = "Côte d'Ivoire",
        ["North Macedonia"] = "Macedonia",
        ["Solomon Islands"] = "Solomon Is.",
        ["South Sudan"] = "S. Sudan",
        ["Western Sahara"] = "W. Sahara",
        ["Swaziland"] = "eSwatini",
        ["Eswatini"] = "eSwatini",
        ["Türkiye"] = "Turkey",
        ["Viet Nam"] = "Vietnam",
        ["Burma"] = "Myanmar",
        ["The Bahamas"] = "Bahamas",
        ["The Gambia"] = "Gambia",
        ["East Timor"] = "Timor-Leste",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private readonly FrozenDictionary<string, string> _shapes;

    /// <summary>Reads the names of the shapes.</summary>
    /// <param name="world">The map's GeoJSON.</param>
    public CountryNames(Stream world)
    {
        using var document = JsonDocument.Parse(world);
        _shapes = document.RootElement.GetProperty("features").EnumerateArray()
            .Select(feature => feature.GetProperty("properties").GetProperty("name").GetString()!)
            .ToFrozenDictionary(name => name, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The name of a country's shape; null if there is none.</summary>
    public string? ShapeOf(string country) =>
        _shapes.GetValueOrDefault(OtherNames.GetValueOrDefault(country.Trim(), country.Trim()));
}
