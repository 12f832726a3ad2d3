using Pulse.Counting;
using Pulse.Simulation.Tests.Broker;

namespace Pulse.Simulation.Tests.Proof;

/// <summary>
/// What a bucket must hold at given positions, worked out from the log record by record. Where a log was cut, that is so
/// for one of its branches: never for a mixture.
/// </summary>
/// <param name="declaration">The declaration by which the bucket counts.</param>
/// <param name="before">The one by which it counted what is below <paramref name="raisedAt"/>.</param>
/// <param name="raisedAt">Where it stood when the one took the other's place; null: it never did.</param>
/// <param name="bucket">The bucket's number.</param>
internal sealed class RowTruth(Declaration declaration, Declaration before, BucketPositions? raisedAt, int bucket)
{
    private readonly List<(SimulatedLog Log, LogPosition Position)> _places = [];

    /// <summary>The counts; right after <see cref="TryNext"/>.</summary>
    public Dictionary<(RollupKey Key, Window Window), long> Counts { get; } = [];

    /// <summary>The balance; right after <see cref="TryNext"/>.</summary>
    public Balance Balance { get; private set; }

    private int _branches = -1;

    public RowTruth At(BucketPositions positions, IEnumerable<SimulatedLog> logs)
    {
        _places.AddRange(logs.Select(log => (log, positions[log.Partition])).Where(place => place.Item2.Offset > 0));
        return this;
    }

    /// <summary>Works out the truth for the next choice of branches. False: there is none that the positions lie in.</summary>
    public bool TryNext(IReadOnlyList<Gap> gaps)
    {
        var choices = _places.Aggregate(1, (product, place) => product * place.Log.Branches.Count);
        while (++_branches < choices)
        {
            Counts.Clear();
            Balance = default;
            var choice = _branches;
            var isPossible = true;
            foreach (var (log, position) in _places)
            {
                var branch = log.Branches[choice % log.Branches.Count];
                choice /= log.Branches.Count;
                isPossible &= branch.Holds(position);
                Add(branch, log.Partition, position.Offset, gaps);
            }

            if (isPossible)
                return true;
        }

        return false;
    }

    private void Add(LogBranch branch, StreamPartition partition, long below, IReadOnlyList<Gap> gaps)
    {
        var isHome = declaration.Version.HomeOf(partition.Partition) == bucket;
        foreach (var record in branch.Records)
        {
            if (record.Offset >= below)
                break;
            if (gaps.Any(gap => gap.Partition == partition && gap.From <= record.Offset && record.Offset < gap.To))
                continue;
            var outcome = declaration.OutcomeOf(record);
            var isCounted = outcome == Outcome.Counted && declaration.BucketOf(record.Key) == bucket;
            if (isCounted)
            {
                var counts = record.Offset < (raisedAt?[partition].Offset ?? 0) ? before : declaration;
                var cell = (Declaration.Name(record.Key), counts.WindowOf(record));
                Counts[cell] = Counts.GetValueOrDefault(cell) + 1;
            }

            Balance += new Balance(
                isCounted ? 1 : 0,
                isHome && outcome == Outcome.Late ? 1 : 0,
                isHome && outcome == Outcome.Dead ? 1 : 0,
                isHome && outcome == Outcome.Filtered ? 1 : 0,
                isHome ? 1 : 0);
        }
    }
}
