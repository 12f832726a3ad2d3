namespace Pulse.Simulator.Generation;

/// <summary>The values that events draw from. Their order matters: with a skew the first are the most frequent.</summary>
public static class Vocabulary
{
    /// <summary>The youngest user, in years.</summary>
    public const int YoungestAge = 18;

    /// <summary>The oldest user, in years.</summary>
    public const int OldestAge = 70;

    /// <summary>Values of <c>UserLocation</c>.</summary>
    public static IReadOnlyList<string> Countries { get; } =
    [
        "United States", "India", "Australia", "Germany", "Indonesia", "China", "Italy", "Spain", "Canada", "Mexico",
        "Kenya", "United Kingdom", "Egypt", "South Korea", "Brazil", "Russia", "Japan", "France", "South Africa",
        "Nigeria",
    ];

    /// <summary>Values of <c>DeviceType</c>.</summary>
    public static IReadOnlyList<string> Devices { get; } = ["Smart TV", "Mobile", "Tablet", "PC"];

    /// <summary>Values of <c>Genre</c>.</summary>
    public static IReadOnlyList<string> Genres { get; } = ["Action", "Comedy", "Drama", "Fantasy", "Horror"];

    /// <summary>Values of <c>MaturityRating</c>.</summary>
    public static IReadOnlyList<string> MaturityRatings { get; } = ["TV-Y", "TV-G", "PG-13", "R", "NC-17"];

    /// <summary>Values of <c>Language</c>.</summary>
    public static IReadOnlyList<string> Languages { get; } = ["English", "Spanish", "Hindi"];

    /// <summary>Values of <c>UserGender</c>.</summary>
    public static IReadOnlyList<string> Genders { get; } = ["Male", "Female"];

    /// <summary>Values of <c>ContentType</c>.</summary>
    public static IReadOnlyList<string> ContentTypes { get; } = ["Movie", "TV Show"];
}
