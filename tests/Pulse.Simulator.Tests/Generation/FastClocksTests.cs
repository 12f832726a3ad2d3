using Pulse.Simulator.Generation;

namespace Pulse.Simulator.Tests.Generation;

public sealed class FastClocksTests
{
    private const int FiveMinutes = 300_000;

    [Fact]
    public void A_fraction_of_the_users_is_ahead_by_little_and_by_much()
    {
        var leads = Leads(seed: 1, 0.2).Where(lead => lead > 0).ToList();

        Assert.InRange(leads.Count, Audience.Size * 0.17, Audience.Size * 0.23);
        Assert.All(leads, lead => Assert.InRange(TimeSpan.FromMilliseconds(lead), TimeSpan.FromSeconds(1), TimeSpan.FromDays(25)));
        Assert.Contains(leads, lead => lead < 10_000);
        Assert.Contains(leads, lead => lead > TimeSpan.FromDays(7).TotalMilliseconds);
        Assert.InRange(leads.Count(lead => lead <= FiveMinutes), leads.Count / 4, leads.Count * 3 / 4);
    }

    [Theory]
    [InlineData(FiveMinutes)]
    [InlineData(FiveMinutes + 1)]
    public void Some_are_on_the_limit_and_some_a_millisecond_beyond(int limit) =>
        Assert.InRange(Leads(seed: 1, 1).Count(lead => lead == limit), Audience.Size / 12, Audience.Size / 6);

    [Fact]
    public void None_is_ahead_unless_asked_for() => Assert.All(Leads(seed: 1, 0), lead => Assert.Equal(0, lead));

    [Fact]
    public void The_seed_decides()
    {
        Assert.Equal(Leads(seed: 1, 0.5), Leads(seed: 1, 0.5));
        Assert.NotEqual(Leads(seed: 1, 0.5), Leads(seed: 2, 0.5));
    }

    [Fact]
    public void A_larger_fraction_keeps_the_clocks_of_a_smaller_one() => Assert.All(
        Leads(seed: 1, 0.1).Zip(Leads(seed: 1, 0.3)), user => Assert.True(user.Item1 == 0 || user.Item1 == user.Item2));

    private static List<int> Leads(long seed, double fraction)
    {
        var clocks = new FastClocks(seed, fraction);
        return [.. Enumerable.Range(0, Audience.Size).Select(user => clocks[user])];
    }
}
