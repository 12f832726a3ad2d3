using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>A rollup as one declaration of it is counted: it has buckets and a result table of its own.</summary>
/// <param name="Number">Its number in <c>pulse_version</c>.</param>
/// <param name="Table">Its result table.</param>
internal sealed record RollupVersion(int Number, ResultTable Table)
{
    /// <summary>The rollup.</summary>
    public Rollup Rollup => Table.Rollup;

    /// <summary>How many buckets it has, numbered from 0.</summary>
    public int Buckets => BucketsOf(Rollup);

    /// <summary>How many buckets a rollup has; one where it does not say.</summary>
    public static int BucketsOf(Rollup rollup) => rollup.Buckets;
}
