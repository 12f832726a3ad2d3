using System.Data.Common;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Cuts;

/// <summary>Where a bucket stands in all partitions, by its row.</summary>
internal sealed record PositionRow(int Version, BucketId Bucket, BucketPositions Positions)
{
    /// <summary>How long to wait for statements that are under way.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Reads the rows of all buckets of all rollups, in the order in which takeovers lock them.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="locking">What the query ends with.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<List<PositionRow>> ReadAsync(DbConnection connection, string locking, CancellationToken cancellationToken)
    {
        var command = connection.Command(
            "select version, rollup, bucket, positions from pulse_bucket join pulse_version using (version) order by version, bucket" + locking);
        await using var disposing = command.ConfigureAwait(false);
        command.CommandTimeout = (int)Patience.TotalSeconds;
        return await command
            .ReadAllAsync(
                row =>
                {
                    var bucket = new BucketId(row.GetString(1), row.GetInt32(2));
                    return new PositionRow(row.GetInt32(0), bucket, BucketRows.PositionsOf($"bucket {bucket}", row.GetString(3)));
                },
                cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Where it stands in one partition.</summary>
    public BucketPosition In(StreamPartition partition) => new(Version, Bucket, partition, Positions[partition]);
}
