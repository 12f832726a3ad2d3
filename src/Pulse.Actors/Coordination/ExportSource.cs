using System.Runtime.CompilerServices;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Storage.Gaps;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Warehouse;

namespace Pulse.Actors.Coordination;

/// <summary>
/// What an export reads from storage. Positions and counts come from one state of the database: it may have gone back since
/// the stream was seen to be drained, to a backup or to a replica that lagged, and would then hold less.
/// </summary>
/// <param name="storage">Prepared, or opened as it is.</param>
/// <param name="catalog">The rollups to export.</param>
public sealed class ExportSource(NodeStorage storage, RollupCatalog catalog)
{
    private readonly BucketId[] _buckets =
    [
        .. catalog.Counted.SelectMany(rollup => Enumerable.Range(0, rollup.Buckets).Select(number => new BucketId(rollup.Name, number))),
    ];

    /// <summary>How far a stream is stored.</summary>
    /// <exception cref="StorageException">Storage can't be read, or the positions of a bucket can't.</exception>
    public Task<StoredProgress> ReadStoredAsync(string stream, CancellationToken cancellationToken) =>
        storage.Checkpoints.ReadProgressAsync(stream, cancellationToken);

    /// <summary>The dates of which storage holds rows, of all rollups, ordered by date and rollup.</summary>
    /// <param name="completion">What has to be stored; null: whatever there is.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StorageWentBackException">Less is stored than the completion waits for.</exception>
    /// <exception cref="StorageException">Storage can't be read.</exception>
    public async Task<IReadOnlyList<RollupDate>> ReadDatesAsync(
        CompletionAccepted? completion, CancellationToken cancellationToken)
    {
        await using var snapshot = await OpenAsync(completion, cancellationToken).ConfigureAwait(false);
        var dates = new List<RollupDate>();
        foreach (var rollup in catalog.Rollups)
        {
            foreach (var date in await snapshot.ReadDatesAsync(rollup, cancellationToken).ConfigureAwait(false))
                dates.Add(new RollupDate(rollup.Name, date));
        }

        dates.Sort((left, right) => (left.Date, left.Rollup).CompareTo((right.Date, right.Rollup)));
        return dates;
    }

    /// <summary>
    /// Streams the rows of a date, ordered by window end, then dimensions. One row at a time is in memory; a connection is
    /// held until the stream is read or disposed.
    /// </summary>
    /// <param name="completion">What has to be stored; null: whatever there is.</param>
    /// <param name="rollup">The rollup.</param>
    /// <param name="date">The UTC date.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StorageWentBackException">Less is stored than the completion waits for.</exception>
    /// <exception cref="StorageException">Storage can't be read.</exception>
    public async IAsyncEnumerable<KeyCount> ReadRowsAsync(
        CompletionAccepted? completion,
        Rollup rollup,
        DateOnly date,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var snapshot = await OpenAsync(completion, cancellationToken).ConfigureAwait(false);
        await foreach (var row in snapshot.ReadAsync(rollup, date, cancellationToken).ConfigureAwait(false))
            yield return row;
    }

    /// <summary>What the counts of a rollup lack, of whatever date: its stored gaps.</summary>
    /// <exception cref="StorageException">Storage can't be read.</exception>
    public async Task<KnownGaps> ReadGapsAsync(Rollup rollup, CancellationToken cancellationToken)
    {
        await using var snapshot = await storage.Checkpoints.ReadSnapshotAsync(cancellationToken).ConfigureAwait(false);
        var sums = await snapshot.SumGapsAsync(rollup, cancellationToken).ConfigureAwait(false);
        return new KnownGaps(SumOf(GapKind.Retention), SumOf(GapKind.Cut));

        long SumOf(GapKind kind) => sums.Where(sum => sum.Kind == kind).Sum(sum => sum.Records);
    }

    private async Task<StorageSnapshot> OpenAsync(CompletionAccepted? completion, CancellationToken cancellationToken)
    {
        var snapshot = await storage.Checkpoints.ReadSnapshotAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var missing = completion?.EventsToDrain(ProgressOf(snapshot, completion.Stream)) ?? 0;
            return missing == 0 ? snapshot : throw new StorageWentBackException(missing);
        }
        catch
        {
            await snapshot.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // A database that went back to before a bucket had its row has stored nothing of it.
    private StoredProgress ProgressOf(StorageSnapshot snapshot, string stream) => StoredProgress.Of(
        stream,
        _buckets.Select(bucket => snapshot.Buckets.TryGetValue(bucket, out var row)
            ? BucketRows.PositionsOf(bucket, row)
            : new BucketPositions()));
}
