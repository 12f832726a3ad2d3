using Pulse.Host.Dashboard;
using Pulse.Simulator.Generation;

namespace Pulse.Host.Tests.Api;

/// <summary>Every country of the stream has its shape.</summary>
public sealed class CountryNamesTests
{
    [Fact]
    public void All_countries_of_the_simulator_are_on_the_map()
    {
        using var world = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "world.json"));
        var names = new CountryNames(world);

        Assert.All(Vocabulary.Countries, country => Assert.NotNull(names.ShapeOf(country)));
        Assert.Equal("United States of America", names.ShapeOf("United States"));
        Assert.Equal("South Korea", names.ShapeOf(" south korea "));
        Assert.Null(names.ShapeOf("Atlantis"));
    }
}
