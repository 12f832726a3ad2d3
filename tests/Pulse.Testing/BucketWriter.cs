using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Testing;

/// <summary>Stores counts and positions as buckets do: takes them over, then one statement each.</summary>
/// <param name="storage">Prepared.</param>
/// <param name="catalog">The storage's rollups.</param>
public sealed class BucketWriter(NodeStorage storage, RollupCatalog catalog)
{
    /// <summary>Adds counts to the table of a rollup, and to the counters of the buckets that own them.</summary>
    /// <param name="rollup">The rollup.</param>
    /// <param name="counts">Increments, each key and window once.</param>
    /// <param name="late">How many events were late besides; booked in the first bucket.</param>
    public Task CountAsync(Rollup rollup, IEnumerable<KeyCount> counts, long late = 0)
    {
        var first = new BucketId(rollup.Name, 0);
        var byBucket = counts.ToLookup(count => BucketId.Owning(rollup, count.Key));
        return StoreAsync([.. byBucket.Select(bucket => bucket.Key).Append(first).Distinct()], (bucket, row) =>
        {
            var counted = byBucket[bucket].Sum(count => count.Count);
            var lateHere = bucket == first ? late : 0;
            return Statement(bucket, row) with
            {
                Balance = new Balance(counted, lateHere, 0, 0, counted + lateHere),
                Counts = [.. byBucket[bucket]],
            };
        });
    }

    /// <summary>Moves all buckets of all rollups to an offset of a partition.</summary>
    public Task MoveAsync(StreamPartition partition, long offset) => StoreAsync(Buckets(), (bucket, row) =>
    {
        var positions = BucketPositions.Parse(row.Positions);
        positions.Set(partition, new LogPosition(offset, LogPosition.UnknownEpoch));
        return Statement(bucket, row) with { Positions = positions.ToString() };
    });

    private List<BucketId> Buckets() =>
    [
        .. catalog.Counted.SelectMany(rollup => Enumerable.Range(0, rollup.Buckets).Select(number => new BucketId(rollup.Name, number))),
    ];

    private static CheckpointStatement Statement(BucketId bucket, BucketRow row) =>
        new(bucket, row.Checkpoint, new CheckpointId(Guid.NewGuid()), row.Positions, default, [], []);

    private async Task StoreAsync(IReadOnlyCollection<BucketId> buckets, Func<BucketId, BucketRow, CheckpointStatement> statement)
    {
        var rows = await storage.Checkpoints.TakeOverAsync(buckets, CancellationToken.None);
        var outcomes = await storage.Checkpoints.StoreAsync(
            [.. rows.Select(row => statement(row.Key, row.Value))], null, CancellationToken.None);
        if (outcomes.FirstOrDefault(outcome => outcome.Result != Actors.Storage.Checkpoints.StatementResult.Stored) is { } failed)
            throw new InvalidOperationException($"A bucket was not stored: {failed.Result}.", failed.Fault);
    }
}
