namespace Pulse.Simulation.Tests.World;

/// <summary>Everything that makes a world: the same settings give the same history, step by step.</summary>
/// <param name="Seed">Chooses every step.</param>
/// <param name="Partitions">Partitions of the topic.</param>
/// <param name="Processes">Processes that ingest.</param>
/// <param name="Keys">Keys of the rollup that has a bucket for each key.</param>
/// <param name="HashedBuckets">Buckets of the rollup whose four keys are hashed.</param>
/// <param name="EventsPerPartition">Records that are produced, times partitions.</param>
/// <param name="Windows">Windows over which event time runs.</param>
/// <param name="CompleteEach">Each how many-th checkpoint is complete, so that older ones are deleted.</param>
/// <param name="Steps">Steps before healing.</param>
/// <param name="Faults">What may go wrong.</param>
internal sealed record WorldSettings(
    long Seed,
    int Partitions,
    int Processes,
    int Keys,
    int HashedBuckets,
    int EventsPerPartition,
    int Windows,
    int CompleteEach,
    int Steps,
    Faults Faults)
{
    public const int MostWindows = 12;

    /// <summary>The world of a seed. Each kind of fault is on in two of three, so that their combinations vary too.</summary>
    public static WorldSettings FromSeed(long seed)
    {
        var random = new SeededRandom(~seed);
        var faults = Faults.None;
        foreach (var fault in Enum.GetValues<Faults>())
        {
            if (random.Below(3) < 2)
                faults |= fault;
        }

        return new WorldSettings(
            seed,
            Partitions: random.Between(1, 3),
            Processes: random.Between(1, 3),
            Keys: random.Between(1, 3),
            HashedBuckets: random.Between(1, 2),
            EventsPerPartition: random.Between(5, 40),
            Windows: random.Between(2, MostWindows),
            CompleteEach: random.Between(1, 4),
            Steps: random.Between(200, 1000),
            faults);
    }

    public bool Has(Faults fault) => (Faults & fault) != 0;

    public override string ToString() =>
        $"seed {Seed}: {Partitions} partitions, {Processes} processes, {Keys} keys, {HashedBuckets} hashed buckets, "
        + $"{EventsPerPartition} events a partition, {Windows} windows, "
        + $"complete each {CompleteEach}, {Steps} steps, faults {Faults}";
}
