using System.Text;
using System.Text.Json;
using Pulse.Simulator.Generation;

namespace Pulse.Simulator.Tests.Generation;

public sealed class EventGeneratorTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] Fields =
    [
        "EventId", "UserId", "UserName", "UserAge", "UserGender", "UserLocation", "DeviceType", "ContentType",
        "ContentID", "ContentName", "Genre", "ReleaseYear", "ContentLength", "Language", "MaturityRating",
        "EventTimestamp",
    ];

    [Fact]
    public void The_same_seed_start_and_options_give_the_same_bytes()
    {
        var options = new SimulatorOptions
        {
            Seed = 7, Bad = 0.1, Late = 0.2, FastClock = 0.2, OutOfOrder = TimeSpan.FromMinutes(2), Skew = 1, Start = Start,
        };

        Assert.Equal(Records(options, 2_000), Records(options, 2_000));
        Assert.NotEqual(Records(options, 100), Records(options with { Seed = 8 }, 100));
        Assert.NotEqual(Records(options, 100), Records(options with { Start = Start.AddMinutes(1) }, 100));
    }

    [Fact]
    public void Every_event_has_the_contracts_fields_in_order_and_with_its_types()
    {
        foreach (var record in Records(new SimulatorOptions { Start = Start }, 500))
        {
            using var document = JsonDocument.Parse(record.Split('\t')[1]);
            var root = document.RootElement;
            Assert.Equal(Fields, root.EnumerateObject().Select(property => property.Name));
            Assert.True(Guid.TryParse(root.GetProperty("EventId").GetString(), out _));
            Assert.Equal(record.Split('\t')[0], root.GetProperty("UserId").GetString());
            Assert.InRange(root.GetProperty("UserAge").GetInt32(), 18, 70);
            Assert.Contains(root.GetProperty("UserGender").GetString(), Vocabulary.Genders);
            Assert.Contains(root.GetProperty("UserLocation").GetString(), Vocabulary.Countries);
            Assert.Contains(root.GetProperty("DeviceType").GetString(), Vocabulary.Devices);
            Assert.Contains(root.GetProperty("ContentType").GetString(), Vocabulary.ContentTypes);
            Assert.Contains(root.GetProperty("Genre").GetString(), Vocabulary.Genres);
            Assert.Contains(root.GetProperty("Language").GetString(), Vocabulary.Languages);
            Assert.Contains(root.GetProperty("MaturityRating").GetString(), Vocabulary.MaturityRatings);
            Assert.InRange(root.GetProperty("ReleaseYear").GetInt32(), 1900, 2026);
            Assert.InRange(root.GetProperty("ContentLength").GetInt32(), 1, 300);
            Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", root.GetProperty("EventTimestamp").GetString());
            Assert.NotEmpty(root.GetProperty("ContentName").GetString()!);
        }
    }

    [Fact]
    public void The_catalogue_has_twenty_films_and_twenty_shows()
    {
        var titles = Parse(new SimulatorOptions { Start = Start }, 5_000)
            .Select(e => (Type: e.GetProperty("ContentType").GetString(), Id: e.GetProperty("ContentID").GetString()))
            .Distinct()
            .ToList();

        Assert.Equal(20, titles.Count(title => title.Type == "Movie"));
        Assert.Equal(20, titles.Count(title => title.Type == "TV Show"));
    }

    [Theory]
    [InlineData(5.0, 1.0, 200)]
    [InlineData(5.0, 60.0, 12_000)]
    [InlineData(0.0, 1.0, 0.1)]
    public void Event_time_follows_from_the_events_number(double rate, double speedUp, double millisecondsApart)
    {
        var events = Parse(new SimulatorOptions { Rate = rate, SpeedUp = speedUp, Start = Start }, 50);

        Assert.Equal(
            Enumerable.Range(0, 50).Select(number => Start.AddMilliseconds(Math.Floor(number * millisecondsApart))),
            events.Select(Time));
    }

    [Fact]
    public void Without_skew_values_are_about_even_and_with_skew_the_first_lead()
    {
        var even = Shares(new SimulatorOptions { Start = Start }, "DeviceType");
        Assert.All(Vocabulary.Devices, device => Assert.InRange(even[device], 0.22, 0.28));

        // Zipf with exponent 1 over four values: 12/25, 6/25, 4/25, 3/25.
        var skewed = Shares(new SimulatorOptions { Start = Start, Skew = 1 }, "DeviceType");
        Assert.InRange(skewed[Vocabulary.Devices[0]], 0.45, 0.51);
        Assert.InRange(skewed[Vocabulary.Devices[3]], 0.10, 0.14);

        var countries = Shares(new SimulatorOptions { Start = Start, Skew = 1 }, "UserLocation");
        Assert.True(countries[Vocabulary.Countries[0]] > 5 * countries[Vocabulary.Countries[19]]);
    }

    [Fact]
    public void A_fraction_is_late_and_the_rest_stays()
    {
        var events = Parse(new SimulatorOptions { Start = Start, Late = 0.1 }, 10_000);
        var lags = events.Select((e, number) => Start.AddMilliseconds(number * 200) - Time(e)).ToList();

        Assert.InRange(lags.Count(lag => lag > TimeSpan.Zero), 900, 1_100);
        Assert.All(
            lags.Where(lag => lag != TimeSpan.Zero),
            lag => Assert.InRange(lag, SimulatorOptions.ShortestLateness, SimulatorOptions.LongestLateness));
    }

    [Fact]
    public void Disorder_moves_timestamps_back_within_its_bound()
    {
        var bound = TimeSpan.FromMinutes(2);
        var events = Parse(new SimulatorOptions { Start = Start, OutOfOrder = bound }, 5_000);
        var lags = events.Select((e, number) => Start.AddMilliseconds(number * 200) - Time(e)).ToList();

        Assert.All(lags, lag => Assert.InRange(lag, TimeSpan.Zero, bound));
        Assert.InRange(lags.Average(lag => lag.TotalSeconds), 55, 65);
    }

    [Fact]
    public void A_record_keeps_its_timestamp_whatever_moves_its_event()
    {
        var options = new SimulatorOptions
        {
            Start = Start, Late = 0.5, OutOfOrder = TimeSpan.FromMinutes(2), FastClock = 0.5, Bad = 0.1,
        };
        var generator = new EventGenerator(options, default);
        var moved = 0;
        for (var number = 0; number < 5_000; number++)
        {
            Assert.Equal(Start.AddMilliseconds(number * 200), generator.NextRecordTime);
            generator.Next();
            Assert.Equal(Start.AddMilliseconds(number * 200).ToUnixTimeMilliseconds(), generator.Current.RecordMilliseconds);
            if (generator.Current.TimestampMilliseconds != generator.Current.RecordMilliseconds)
                moved++;
        }

        Assert.InRange(moved, 4_900, 5_000);
    }

    [Fact]
    public void Fast_clocks_belong_to_users_and_move_nothing_but_the_events_time()
    {
        var usual = Parse(new SimulatorOptions { Start = Start }, 20_000);
        var fast = Parse(new SimulatorOptions { Start = Start, FastClock = 0.1 }, 20_000);
        var leads = usual.Zip(fast, (one, other) => (User: one.GetProperty("UserId").GetString(), Lead: Time(other) - Time(one))).ToList();

        Assert.InRange(leads.Count(each => each.Lead > TimeSpan.Zero), 1_600, 2_400);
        Assert.All(leads.GroupBy(each => each.User), user => Assert.Single(user.Select(each => each.Lead).Distinct()));
        Assert.All(usual.Zip(fast), pair => Assert.Equal(WithoutTime(pair.Item1), WithoutTime(pair.Item2)));
    }

    [Fact]
    public void Spoiling_some_records_leaves_the_others_as_they_were()
    {
        var good = Records(new SimulatorOptions { Start = Start }, 1_000);
        var mixed = Records(new SimulatorOptions { Start = Start, Bad = 0.1 }, 1_000);

        var same = good.Zip(mixed, (one, other) => one == other).Count(equal => equal);
        Assert.InRange(same, 860, 940);
    }

    internal static List<string> Records(SimulatorOptions options, int count)
    {
        var generator = new EventGenerator(options, Start);
        var records = new List<string>(count);
        for (var number = 0; number < count; number++)
        {
            generator.Next();
            // Latin-1 keeps every byte apart, valid UTF-8 or not.
            var value = generator.Current.Malformed == MalformedKind.None
                ? Encoding.UTF8.GetString(generator.Value)
                : Encoding.Latin1.GetString(generator.Value);
            records.Add($"{Encoding.UTF8.GetString(generator.Key)}\t{value}");
        }

        return records;
    }

    private static List<JsonElement> Parse(SimulatorOptions options, int count) =>
        [.. Records(options, count).Select(record => JsonElement.Parse(record.Split('\t')[1]))];

    private static DateTimeOffset Time(JsonElement record) => record.GetProperty("EventTimestamp").GetDateTimeOffset();

    private static string WithoutTime(JsonElement record) => string.Concat(
        record.EnumerateObject().Where(property => property.Name != "EventTimestamp").Select(property => property.ToString()));

    private static Dictionary<string, double> Shares(SimulatorOptions options, string field) =>
        Parse(options, 20_000)
            .GroupBy(record => record.GetProperty(field).GetString()!)
            .ToDictionary(group => group.Key, group => group.Count() / 20_000.0);
}
