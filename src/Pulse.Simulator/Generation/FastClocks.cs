namespace Pulse.Simulator.Generation;

/// <summary>
/// Whose clock is ahead: some users' devices, each by a lead of its own, a second to 24 days. The larger fraction has the
/// clocks of the smaller one and more.
/// </summary>
internal sealed class FastClocks
{
    private const int ShortestMilliseconds = 1_000;
    private const int Doublings = 21;

    // Of so many fast clocks one is ahead by exactly what consumers accept, and another by a millisecond more.
    private const int OneOnTheLimitOf = 8;

    private readonly int[] leads = new int[Audience.Size];

    internal FastClocks(long seed, double fraction)
    {
        var random = new RandomStream(RandomStream.Derive(seed, 0, "clocks"));
        for (var user = 0; user < leads.Length; user++)
        {
            // Both are drawn for every user, so that the fraction decides nothing but who is chosen.
            var (chance, lead) = (random.NextFraction(), ChooseLead(ref random));
            leads[user] = chance < fraction ? lead : 0;
        }
    }

    /// <summary>By how many milliseconds a user's clock is ahead; 0 for most.</summary>
    internal int this[int user] => leads[user];

    // Whole numbers alone: the same on every machine.
    private static int ChooseLead(ref RandomStream random)
    {
        var kind = random.NextBelow(OneOnTheLimitOf);
        var least = ShortestMilliseconds << random.NextBelow(Doublings);
        var lead = least + random.NextBelow(least);
        return kind switch
        {
            0 => (int)SimulatorOptions.AcceptedLead.TotalMilliseconds,
            1 => (int)SimulatorOptions.AcceptedLead.TotalMilliseconds + 1,
            _ => lead,
        };
    }
}
