using Pulse.Counting;

namespace Pulse.Simulation.Tests.Broker;

/// <summary>
/// A version's declaration: what becomes of a record. The first version counts every event, the second those of even
/// keys. Another declaration of the same rollup counts in other windows.
/// </summary>
/// <param name="number">The rollup's.</param>
/// <param name="buckets">Its buckets.</param>
/// <param name="shift">Which declaration of the rollup it is: by how many windows it counts later.</param>
internal sealed class Declaration(int number, int buckets, int shift)
{
    public const long WindowSeconds = 300;

    private static readonly RollupKey[] Names = [.. Enumerable.Range(0, 200).Select(key => new RollupKey($"key{key}"))];

    public CountedVersion Version { get; } =
        new($"rollup{number}", new VersionDigest((UInt128)((10 * number) + shift)), buckets);

    public static Window Window(int number) => new((number + 1) * WindowSeconds);

    public static RollupKey Name(int key) => Names[key];

    public int BucketOf(int key) => key % Version.Buckets;

    public Outcome OutcomeOf(SimulatedRecord record) => record.Kind switch
    {
        RecordKind.Late => Outcome.Late,
        RecordKind.Dead => Outcome.Dead,
        _ => number == 1 && record.Key % 2 == 1 ? Outcome.Filtered : Outcome.Counted,
    };

    public Window WindowOf(SimulatedRecord record) => Window(record.Window + shift);
}
