using System.Data.Common;
using System.Globalization;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>Reads rows of <c>pulse_bucket</c>, on either database.</summary>
internal static class BucketRows
{
    /// <summary>The columns that <see cref="ReadAsync"/> reads, in their order.</summary>
    public const string Columns = "version, bucket, checkpoint, generation, positions, counted, late, dead, filtered, consumed";

    /// <summary>Reads all rows that are buckets of these versions.</summary>
    public static Task<IReadOnlyDictionary<BucketId, BucketRow>> ReadAsync(
        DbCommand command, RollupVersions versions, CancellationToken cancellationToken) =>
        ReadAsync(
            command,
            versions,
            row => new BucketRow(
                new CheckpointId(row.GetGuid(2)),
                row.GetInt64(3),
                row.GetString(4),
                new Balance(row.GetInt64(5), row.GetInt64(6), row.GetInt64(7), row.GetInt64(8), row.GetInt64(9))),
            cancellationToken);

    /// <summary>Reads rows of the columns version, bucket and checkpoint.</summary>
    public static Task<IReadOnlyDictionary<BucketId, CheckpointId>> ReadCheckpointsAsync(
        DbCommand command, RollupVersions versions, CancellationToken cancellationToken) =>
        ReadAsync(command, versions, row => new CheckpointId(row.GetGuid(2)), cancellationToken);

    /// <summary>How far a stream is stored in the buckets of these versions.</summary>
    /// <exception cref="StorageException">The positions of a bucket can't be read; the message says what to do.</exception>
    public static async Task<StoredProgress> ReadProgressAsync(
        DbConnection connection, RollupVersions versions, string stream, CancellationToken cancellationToken)
    {
        var numbers = string.Join(", ", versions.All.Select(version => version.Number.ToString(CultureInfo.InvariantCulture)));
        var command = connection.Command(
            $"select positions, count(*), min(cast(version as bigint) * {RollupCatalog.MaximumBuckets} + bucket) from pulse_bucket "
            + $"where version in ({numbers}) group by positions");
        await using var disposing = command.ConfigureAwait(false);
        var rows = await command
            .ReadAllAsync(row => (Text: row.GetString(0), Buckets: row.GetInt64(1), First: row.GetInt64(2)), cancellationToken)
            .ConfigureAwait(false);
        var positions = rows.Select(row => PositionsOf($"bucket {Named(row.First)}", row.Text)).ToList();
        // A database that went back to before a bucket had its row has stored nothing of it.
        if (rows.Sum(row => row.Buckets) < versions.All.Sum(version => version.Buckets))
            positions.Add(new BucketPositions());
        var cuts = connection.Command(
            $"select distinct partition from pulse_cut where version in ({numbers}) and stream = @stream", ("stream", stream));
        await using var disposingCuts = cuts.ConfigureAwait(false);
        return StoredProgress.Of(stream, positions) with
        {
            Cuts = [.. await cuts.ReadAllAsync(row => row.GetInt32(0), cancellationToken).ConfigureAwait(false)],
        };

        BucketId? Named(long first) => versions.Bucket((int)(first / RollupCatalog.MaximumBuckets), (int)(first % RollupCatalog.MaximumBuckets));
    }

    /// <summary>The positions that a bucket's row has.</summary>
    /// <exception cref="StorageException">They can't be read; the message says what to do.</exception>
    public static BucketPositions PositionsOf(BucketId bucket, BucketRow row) => PositionsOf($"bucket {bucket}", row.Positions);

    /// <inheritdoc cref="PositionsOf(BucketId, BucketRow)" />
    /// <param name="whose">For people: what has them.</param>
    /// <param name="text">As they are stored.</param>
    public static BucketPositions PositionsOf(string whose, string text)
    {
        try
        {
            return BucketPositions.Parse(text);
        }
        catch (FormatException wrong)
        {
            throw new StorageException(
                $"The positions of {whose} in table pulse_bucket can't be read: {wrong.Message.ReplaceLineEndings(" ")} "
                + "Restore the whole database from a backup.",
                wrong);
        }
    }

    /// <summary>The row of a bucket, if it can go on from there.</summary>
    /// <exception cref="StorageException">There is none, or it can't be read; the message says what to do.</exception>
    public static BucketRow RequireUsable(BucketId bucket, BucketRow? row)
    {
        if (row is null)
            throw new StorageException(
                $"Bucket {bucket} has no row in table pulse_bucket. Restore the whole database from a backup. If it went back to "
                + $"before {bucket.Rollup} was declared, restart all nodes instead, which declare it again.");
        PositionsOf(bucket, row);
        return row;
    }

    private static async Task<IReadOnlyDictionary<BucketId, T>> ReadAsync<T>(
        DbCommand command, RollupVersions versions, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = await command
            .ReadAllAsync(row => (Bucket: versions.Bucket(row.GetInt32(0), row.GetInt32(1)), Value: read(row)), cancellationToken)
            .ConfigureAwait(false);
        return rows.Where(row => row.Bucket is not null).ToDictionary(row => row.Bucket!, row => row.Value);
    }
}
