using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Rollups;

public sealed class RollupCatalogTests
{
    private static RollupDeclaration Declare(string name, params string[] dimensions) =>
        new() { Name = name, Dimensions = [.. dimensions] };

    private static string OnlyMistake(params RollupDeclaration[] declarations) =>
        Assert.Single(RollupCatalog.TryCreate(declarations, out _));

    [Fact]
    public void Without_declarations_the_built_in_three_are_counted()
    {
        Assert.Empty(RollupCatalog.TryCreate([], out var catalog));

        Assert.Equal(
            [
                "viewsByDeviceGenre(device_type, genre) in 16 buckets of at most 1000000 keys",
                "viewsByGenderAgeGroup(gender, age_group) in 16 buckets of at most 1000000 keys",
                "viewsByLocationMR(country, maturity_rating) in 16 buckets of at most 1000000 keys",
            ],
            catalog.Rollups.Select(rollup => rollup.ToString()));
        Assert.Equal(catalog.Rollups, RollupCatalog.Default.Rollups);
        Assert.Equal("viewsByLocationMRAggregation", catalog.Rollups[2].TableName);
    }

    [Fact]
    public void Declared_rollups_follow_in_their_order()
    {
        var titles = Declare("viewsByTitle", "content_name", "language");
        titles.Buckets = 4096;

        Assert.Empty(RollupCatalog.TryCreate([titles, Declare("b_2", "genre")], out var catalog));

        Assert.Equal(
            ["viewsByTitle(content_name, language) in 4096 buckets of at most 1000000 keys", "b_2(genre) in 16 buckets of at most 1000000 keys"],
            catalog.Rollups.Skip(3).Select(rollup => rollup.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2fast")]
    [InlineData("_x")]
    [InlineData("views by title")]
    [InlineData("views-by-title")]
    [InlineData("views;drop")]
    [InlineData("größe")]
    [InlineData("views\n")]
    [InlineData("a23456789_123456789_123456789_123456789_123456789")]
    public void A_name_that_is_no_identifier_is_a_mistake(string name) =>
        Assert.Equal(
            $"Pulse:Rollups:0:Name is '{name}'; a rollup's name becomes a table's name, so use a letter followed by "
            + "letters, digits or underscores, at most 48.",
            OnlyMistake(Declare(name, "genre")));

    [Theory]
    [InlineData(null, 5)]
    [InlineData(64, 63)]
    [InlineData(64, -1)]
    public void A_limit_of_keys_that_leaves_a_bucket_none_is_a_mistake(int? buckets, int keys)
    {
        var titles = Declare("viewsByTitle", "content_name");
        titles.Buckets = buckets;
        titles.MaximumKeys = keys;

        Assert.Equal(
            $"Pulse:Rollups:0:MaximumKeys is {keys}; give at least one key for each of the {buckets ?? 16} buckets.",
            OnlyMistake(titles));
    }

    [Fact]
    public void Buckets_share_the_limit_of_keys()
    {
        var titles = Declare("viewsByTitle", "content_name");
        titles.Buckets = 64;
        titles.MaximumKeys = 6_400;

        Assert.Empty(RollupCatalog.TryCreate([titles], out var catalog));

        Assert.Equal(125, catalog.Rollups[3].MaximumKeysPerBucket);
        Assert.Equal(Rollup.DefaultMaximumKeys, catalog.Rollups[0].MaximumKeys);
    }

    [Fact]
    public void The_longest_name_fits() =>
        Assert.Empty(RollupCatalog.TryCreate([Declare(new string('a', 48), "genre")], out _));

    [Theory]
    [InlineData("viewsByDeviceGenre")]
    [InlineData("VIEWSBYDEVICEGENRE")]
    public void A_name_that_is_built_in_is_a_mistake(string name) =>
        Assert.Equal(
            $"Pulse:Rollups:0:Name is '{name}', which another rollup has already (case does not count); choose another name.",
            OnlyMistake(Declare(name, "genre")));

    [Fact]
    public void A_name_that_was_declared_before_is_a_mistake() =>
        Assert.StartsWith(
            "Pulse:Rollups:1:Name is 'BYLANGUAGE', which another rollup has already",
            OnlyMistake(Declare("byLanguage", "language"), Declare("BYLANGUAGE", "genre")));

    [Theory]
    [InlineData("deadLetters")]
    [InlineData("deadletters")]
    public void The_name_of_the_dead_letters_is_a_mistake(string name) =>
        Assert.Equal(
            $"Pulse:Rollups:0:Name is '{name}', which Pulse keeps for its own count of dead letters; choose another name.",
            OnlyMistake(Declare(name, "genre")));

    [Fact]
    public void No_dimension_is_a_mistake() =>
        Assert.Equal(
            "Pulse:Rollups:0:Dimensions of 'empty' is empty; name at least one of device_type, genre, gender, age_group, "
            + "country, maturity_rating, content_type, language, content_name, release_decade.",
            OnlyMistake(Declare("empty")));

    [Theory]
    [InlineData("colour")]
    [InlineData("Genre")]
    [InlineData("reason")]
    [InlineData("")]
    public void An_unknown_dimension_is_a_mistake(string name) =>
        Assert.StartsWith(
            $"Pulse:Rollups:0:Dimensions of 'mine' names '{name}', which is no dimension; known are device_type, genre, ",
            OnlyMistake(Declare("mine", "genre", name)));

    [Fact]
    public void A_dimension_named_twice_is_a_mistake() =>
        Assert.Equal(
            "Pulse:Rollups:0:Dimensions of 'mine' names 'genre' twice; name it once.",
            OnlyMistake(Declare("mine", "genre", "language", "genre")));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(4097)]
    public void A_number_of_buckets_out_of_range_is_a_mistake(int buckets)
    {
        var declaration = Declare("mine", "genre");
        declaration.Buckets = buckets;

        Assert.Equal(
            $"Pulse:Rollups:0:Buckets is {buckets}; use 1 to 4096, or leave it out for 16.",
            OnlyMistake(declaration));
    }

    [Fact]
    public void Every_mistake_has_its_line_and_only_good_rollups_are_in_the_catalogue()
    {
        var several = Declare("no name", "colour", "shape");
        several.Buckets = 0;

        var mistakes = RollupCatalog.TryCreate([several, Declare("good", "genre"), Declare("bad")], out var catalog);

        Assert.Equal(5, mistakes.Count);
        Assert.All(mistakes.Take(4), mistake => Assert.StartsWith("Pulse:Rollups:0:", mistake));
        Assert.StartsWith("Pulse:Rollups:2:", mistakes[4]);
        Assert.Equal("good", catalog.Rollups[^1].Name);
        Assert.Equal(4, catalog.Rollups.Length);
    }

    [Fact]
    public void Rollups_are_equal_by_what_they_say()
    {
        Assert.Empty(RollupCatalog.TryCreate([Declare("a", "genre", "language")], out var one));
        Assert.Empty(RollupCatalog.TryCreate([Declare("a", "genre", "language")], out var same));
        Assert.Empty(RollupCatalog.TryCreate([Declare("a", "language", "genre")], out var swapped));

        Assert.Equal(one.Rollups[^1], same.Rollups[^1]);
        Assert.Equal(one.Rollups[^1].GetHashCode(), same.Rollups[^1].GetHashCode());
        Assert.NotEqual(one.Rollups[^1], swapped.Rollups[^1]);
        Assert.NotEqual(one.Rollups[^1], one.Rollups[^1] with { Buckets = 2 });
    }
}
