using System.Globalization;
using Bogus;
using Bogus.DataSets;

namespace Pulse.Simulator.Generation;

/// <summary>What can be watched: 20 films and 20 shows, made from the seed; every genre and rating occurs.</summary>
internal sealed class Catalogue
{
    internal const int TitlesPerType = 20;

    private readonly Title[] titles;

    internal Catalogue(long seed)
    {
        var random = new RandomStream(RandomStream.Derive(seed, 0, "catalogue"));
        var bogus = new Randomizer((int)random.Next());
        var address = new Address { Random = bogus };
        var names = new Name { Random = bogus };
        var taken = new HashSet<string>(StringComparer.Ordinal);
        titles = new Title[TitlesPerType * Vocabulary.ContentTypes.Count];
        for (var index = 0; index < titles.Length; index++)
        {
            // Films and shows take turns, so that a skew favours neither.
            var isShow = index % 2 == 1;
            string name;
            do
                name = NewName(names, address, ref random);
            while (!taken.Add(name));
            titles[index] = NewTitle(index, isShow, name, ref random);
        }
    }

    internal int Count => titles.Length;

    internal Title this[int index] => titles[index];

    private static string NewName(Name names, Address address, ref RandomStream random) => random.NextBelow(6) switch
    {
        0 => $"Midnight in {address.City()}",
        1 => $"The Last Days of {address.City()}",
        2 => $"{names.FirstName()} and {names.FirstName()}",
        3 => $"The {names.LastName()} Affair",
        4 => $"Return to {address.City()}",
        _ => $"Finding {names.FirstName()}",
    };

    private static Title NewTitle(int index, bool isShow, string name, ref RandomStream random)
    {
        // Genres and ratings go round at different paces, so that their combinations vary over the catalogue.
        var genre = index / 2 % Vocabulary.Genres.Count;
        var rating = (index / 2 + index / 10) % Vocabulary.MaturityRatings.Count;
        var year = 1980 + random.NextBelow(45);
        var minutes = isShow ? 20 + random.NextBelow(41) : 75 + random.NextBelow(106);
        var language = random.NextBelow(Vocabulary.Languages.Count);
        var id = string.Create(CultureInfo.InvariantCulture, $"{80_000_000 + (index + 1) * 1_000 + random.NextBelow(1_000)}");
        var fields = JsonFragment.Write(json =>
        {
            json.WriteString("ContentType", Vocabulary.ContentTypes[isShow ? 1 : 0]);
            json.WriteString("ContentID", id);
            json.WriteString("ContentName", name);
            json.WriteString("Genre", Vocabulary.Genres[genre]);
            json.WriteNumber("ReleaseYear", year);
            json.WriteNumber("ContentLength", minutes);
            json.WriteString("Language", Vocabulary.Languages[language]);
            json.WriteString("MaturityRating", Vocabulary.MaturityRatings[rating]);
        });
        return new Title(genre, rating, fields);
    }

    internal sealed record Title(int Genre, int MaturityRating, byte[] Fields);
}
