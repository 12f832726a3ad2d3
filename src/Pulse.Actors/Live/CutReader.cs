using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Live;

/// <summary>
/// Reads the balance of the rollups that are at a cut: all buckets stand at equal positions, so each record is with all of them
/// or with none. Everything is read in one state of the database.
/// </summary>
/// <param name="store">Prepared.</param>
/// <param name="catalog">The rollups; the ledger of dead letters is added to them.</param>
internal sealed class CutReader(ICheckpointStore store, RollupCatalog catalog)
{
    /// <summary>Reads them.</summary>
    /// <param name="nowUtc">What the cuts are said to have been seen at.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Without rollups whose buckets stand at different positions now.</returns>
    /// <exception cref="Pulse.Actors.Storage.StorageException">Storage can't be read, or the positions of a bucket can't.</exception>
    public async Task<IReadOnlyList<RollupBalance>> ReadAsync(DateTime nowUtc, CancellationToken cancellationToken)
    {
        await using var snapshot = await store.ReadSnapshotAsync(cancellationToken).ConfigureAwait(false);
        var balances = new List<RollupBalance>();
        foreach (var rollup in catalog.Counted)
        {
            if (BalanceAtCut(rollup, snapshot.Buckets) is not { } balance)
                continue;
            // There are gaps where retention was too short, which is seldom, and they matter only to what is not even.
            var gaps = balance.IsEven ? 0 : await snapshot.CountPartialGapsAsync(rollup, cancellationToken).ConfigureAwait(false);
            balances.Add(new RollupBalance(rollup.Name, nowUtc, balance, gaps));
        }

        return balances;
    }

    private static Balance? BalanceAtCut(Rollup rollup, IReadOnlyDictionary<BucketId, BucketRow> rows)
    {
        var balance = default(Balance);
        BucketRow? first = null;
        foreach (var bucket in Enumerable.Range(0, rollup.Buckets).Select(number => new BucketId(rollup.Name, number)))
        {
            if (!rows.TryGetValue(bucket, out var row))
                return null;
            first ??= row;
            // The same text says the same; another may, where an epoch is unknown or nothing was read of a partition yet.
            if (row.Positions != first.Positions
                && !BucketRows.PositionsOf(bucket, row).AreSameAs(BucketRows.PositionsOf(new BucketId(rollup.Name, 0), first)))
                return null;
            balance += row.Balance;
        }

        return balance;
    }
}
