using System.Data.Common;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>Reads rows of <c>pulse_bucket</c>, on either database.</summary>
internal static class BucketRows
{
    /// <summary>The columns that <see cref="ReadAsync"/> reads, in their order.</summary>
    public const string Columns = "version, bucket, checkpoint, generation, positions, counted, late, dead, filtered, consumed";

    /// <summary>Reads all rows that are buckets of these versions.</summary>
    public static async Task<IReadOnlyDictionary<BucketId, BucketRow>> ReadAsync(
        DbCommand command, RollupVersions versions, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<BucketId, BucketRow>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (versions.Bucket(reader.GetInt32(0), reader.GetInt32(1)) is { } bucket)
                rows.Add(bucket, new BucketRow(
                    new CheckpointId(reader.GetGuid(2)),
                    reader.GetInt64(3),
                    reader.GetString(4),
                    new Balance(
                        reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7), reader.GetInt64(8), reader.GetInt64(9))));
        }

        return rows;
    }

    /// <summary>Reads rows of the columns version, bucket and checkpoint.</summary>
    public static async Task<IReadOnlyDictionary<BucketId, CheckpointId>> ReadCheckpointsAsync(
        DbCommand command, RollupVersions versions, CancellationToken cancellationToken)
    {
        var checkpoints = new Dictionary<BucketId, CheckpointId>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (versions.Bucket(reader.GetInt32(0), reader.GetInt32(1)) is { } bucket)
                checkpoints.Add(bucket, new CheckpointId(reader.GetGuid(2)));
        }

        return checkpoints;
    }
}
