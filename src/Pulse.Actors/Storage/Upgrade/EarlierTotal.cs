using Pulse.Counting;

namespace Pulse.Actors.Storage.Upgrade;

/// <summary>What an earlier version counted of a rollup.</summary>
/// <param name="Rollup">The rollup.</param>
/// <param name="Counted">By bucket as they are from now on, the sum of its rows.</param>
/// <param name="Late">How many events came after their window was sealed.</param>
internal sealed record EarlierTotal(Rollup Rollup, IReadOnlyList<long> Counted, long Late)
{
    /// <summary>Whether it is the ledger of dead letters.</summary>
    public bool IsOfDeadLetters => Rollup.Name == Pulse.Events.DeadLetters.RollupName;

    /// <summary>How many events there were, the late ones included; bad records are none, and not part of it.</summary>
    public long Events => IsOfDeadLetters ? 0 : Counted.Sum() + Late;

    /// <summary>How many bad records there were, if this is their ledger.</summary>
    public long DeadLetters => IsOfDeadLetters ? Counted.Sum() : 0;

    /// <summary>
    /// What a bucket starts with. What was not counted belonged to no bucket of an earlier version; the first one keeps it, so
    /// that sums are right.
    /// </summary>
    /// <param name="bucket">The bucket's number.</param>
    /// <param name="totals">Those of all rollups.</param>
    public Balance BalanceOf(int bucket, IReadOnlyList<EarlierTotal> totals)
    {
        if (bucket > 0)
            return new Balance(Counted[bucket], 0, 0, 0, 0);

        var dead = IsOfDeadLetters ? 0 : totals.Sum(each => each.DeadLetters);
        var filtered = IsOfDeadLetters ? totals.Max(each => each.Events) : 0;
        return new Balance(Counted[bucket], Late, dead, filtered, Counted.Sum() + Late + dead + filtered);
    }
}
