using Bogus;
using Bogus.DataSets;

namespace Pulse.Simulator.Generation;

/// <summary>The users that watch: a fixed number, made from the seed, each with one age, gender and country.</summary>
internal sealed class Audience
{
    internal const int Size = 5_000;

    private readonly User[] users;

    internal Audience(long seed, double skew)
    {
        var random = new RandomStream(RandomStream.Derive(seed, 0, "audience"));
        var names = new Name { Random = new Randomizer((int)random.Next()) };
        var countries = new ZipfChoice(Vocabulary.Countries.Count, skew);
        users = new User[Size];
        for (var index = 0; index < Size; index++)
            users[index] = NewUser(index, names, countries, ref random);
    }

    internal User this[int index] => users[index];

    private static User NewUser(int index, Name names, ZipfChoice countries, ref RandomStream random)
    {
        var gender = random.NextBelow(Vocabulary.Genders.Count);
        var age = Vocabulary.YoungestAge + random.NextBelow(Vocabulary.OldestAge - Vocabulary.YoungestAge + 1);
        var country = countries.Next(ref random);
        var name = names.FullName(gender == 0 ? Name.Gender.Male : Name.Gender.Female);
        var id = $"user-{index + 1:D5}";
        var fields = JsonFragment.Write(json =>
        {
            json.WriteString("UserId", id);
            json.WriteString("UserName", name);
            json.WriteNumber("UserAge", age);
            json.WriteString("UserGender", Vocabulary.Genders[gender]);
            json.WriteString("UserLocation", Vocabulary.Countries[country]);
        });
        return new User(System.Text.Encoding.UTF8.GetBytes(id), age, gender, country, fields);
    }

    internal sealed record User(byte[] Id, int Age, int Gender, int Country, byte[] Fields);
}
