
namespace Pulse.Simulation.Tests;

/// <summary>Everything that makes a scenario: the same settings give the same history, step by step.</summary>
/// <param name="Seed">Chooses every step.</param>
/// <param name="Partitions">Partitions of the topic.</param>
/// <param name="Nodes">Nodes of the cluster.</param>
/// <param name="Buckets">Buckets of the one version; a second version has one bucket.</param>
/// <param name="Versions">Versions that are counted.</param>
/// <param name="Keys">Keys of records; with very many, hardly two records share a cell.</param>
/// <param name="Windows">Windows of records.</param>
/// <param name="Records">Records that are produced in all partitions together.</param>
/// <param name="Steps">Steps before healing.</param>
/// <param name="Faults">What may go wrong.</param>
internal sealed record ScenarioSettings(
    long Seed, int Partitions, int Nodes, int Buckets, int Versions, int Keys, int Windows, int Records, int Steps, ScenarioFaults Faults)
{
    private const long DeclarationSeed = 1L << 40;
    private const long RefusalSeed = 1L << 41;
    private const long StoringSeed = 1L << 42;

    private const ScenarioFaults ChosenApart = ScenarioFaults.DeclarationRaised | ScenarioFaults.ReadingRefused | ScenarioFaults.StoringRefused;

    private const ScenarioFaults OfTheLog = ScenarioFaults.Retention | ScenarioFaults.TopicMadeAgain | ScenarioFaults.LogCut;

    /// <summary>The scenario of a seed. Some have few kinds of fault and come far, others have many at once.</summary>
    public static ScenarioSettings FromSeed(long seed)
    {
        var random = new SeededRandom(~seed);
        var share = random.Pick([10, 25, 50]);
        var faults = ScenarioFaults.None;
        foreach (var fault in Enum.GetValues<ScenarioFaults>())
        {
            if ((fault & ChosenApart) == 0 && random.Chance(share))
                faults |= fault;
        }

        // Chosen apart, so that the other seeds keep their histories.
        if (new SeededRandom(seed + DeclarationSeed).Chance(15))
            faults |= ScenarioFaults.DeclarationRaised;
        if (new SeededRandom(seed + RefusalSeed).Chance(10))
            faults |= ScenarioFaults.ReadingRefused;
        if (new SeededRandom(seed + StoringSeed).Chance(15))
            faults |= ScenarioFaults.StoringRefused;
        faults &= ~OfTheLog;
        if (random.Chance(75))
            faults |= random.Pick([ScenarioFaults.Retention, ScenarioFaults.TopicMadeAgain, ScenarioFaults.LogCut]);
        // A cut does harm where sessions read both branches, and do not hear of each other at once.
        if (faults.HasFlag(ScenarioFaults.LogCut) && random.Chance(70))
            faults |= ScenarioFaults.DoubleSessions | ScenarioFaults.LostMessages;
        return new ScenarioSettings(
            seed,
            Partitions: random.Between(1, 2),
            Nodes: random.Between(1, 3),
            Buckets: random.Between(1, 3),
            Versions: random.Between(1, 2),
            Keys: random.Pick([2, 4, 200]),
            Windows: random.Between(1, 3),
            Records: random.Between(4, 60),
            Steps: random.Between(200, 2000),
            faults);
    }

    public bool Has(ScenarioFaults fault) => (Faults & fault) != 0;

    public override string ToString() =>
        $"seed {Seed}: {Partitions} partitions, {Nodes} nodes, {Buckets} buckets, {Versions} versions, {Keys} keys, "
        + $"{Windows} windows, {Records} records, {Steps} steps, faults {Faults}";
}
