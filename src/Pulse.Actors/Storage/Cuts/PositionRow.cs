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

    /// <summary>Reads all rows and holds them until the transaction ends: a statement holds its bucket's row alone.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="kind">Which one.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<Dictionary<(int Version, BucketId Bucket), PositionRow>> LockAsync(
        DbConnection connection, StorageKind kind, CancellationToken cancellationToken) =>
        (await ReadAsync(connection, kind == StorageKind.Postgres ? " for update of pulse_bucket" : "", cancellationToken).ConfigureAwait(false))
        .ToDictionary(row => (row.Version, row.Bucket));

    /// <summary>The buckets that no longer stand where they were read.</summary>
    /// <param name="rows">All rows, as they are.</param>
    /// <param name="read">Buckets, as they were read.</param>
    public static IReadOnlyList<BucketId> Moved(
        IReadOnlyDictionary<(int Version, BucketId Bucket), PositionRow> rows, IEnumerable<BucketPosition> read) =>
    [
        .. read.Where(bucket => !rows.TryGetValue((bucket.Version, bucket.Bucket), out var row) || row.In(bucket.Partition) != bucket)
            .Select(bucket => bucket.Bucket).Distinct(),
    ];

    /// <summary>Where it stands in one partition.</summary>
    public BucketPosition In(StreamPartition partition) => new(Version, Bucket, partition, Positions[partition]);
}
