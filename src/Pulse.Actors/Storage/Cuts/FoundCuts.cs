using System.Data.Common;
using Pulse.Actors.Storage.Actions;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Cuts;

/// <summary>
/// Keeps that a log was found to be cut, in table <c>pulse_cut</c>. A broker that was put back to a copy of its disk goes on with
/// the leader epochs of that copy: once its log is longer than what was counted, nothing in it tells any more that it was cut. So a
/// partition stands still while a row is there; <see cref="CutAcceptance"/> and a rebuild take rows away. Thread-safe.
/// </summary>
public sealed class FoundCuts
{
    private readonly IStorageSessions _sessions;
    private readonly DatabaseVersion _version;

    internal FoundCuts(IStorageSessions sessions) =>
        (_sessions, _version) = (sessions, new DatabaseVersion(sessions.Address, sessions.Kind));

    /// <summary>Keeps a cut for all rollups that are counted. Of two places, the lower one is kept.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="from">The first offset at which the log is another; null where nobody said it.</param>
    /// <param name="cancellationToken">Ends the work, of which nothing stays then.</param>
    /// <exception cref="StorageException">The database can't do it.</exception>
    public Task KeepAsync(StreamPartition partition, LogPosition? from, CancellationToken cancellationToken) =>
        // Not beside a rebuild, which takes away the rows of what it counts anew.
        _sessions.RunAloneAsync(
            async (connection, token) =>
            {
                await _version.CheckAsync(connection, token).ConfigureAwait(false);
                await KeepAsync(connection, partition, from, token).ConfigureAwait(false);
                return true;
            },
            PositionRow.Patience,
            cancellationToken);

    /// <summary>Keeps that a log ended below what buckets have stored. Where none stands above that any more, somebody has decided about it.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="from">Where its log ended.</param>
    /// <param name="cancellationToken">Ends the work, of which nothing stays then.</param>
    /// <exception cref="StorageException">The database can't do it, or the positions of a bucket can't be read.</exception>
    public Task KeepBelowStoredAsync(StreamPartition partition, LogPosition from, CancellationToken cancellationToken) =>
        _sessions.RunAloneAsync(
            async (connection, token) =>
            {
                await _version.CheckAsync(connection, token).ConfigureAwait(false);
                var rows = await PositionRow.ReadAsync(connection, "", token).ConfigureAwait(false);
                if (rows.Exists(row => row.In(partition).Position.Offset > from.Offset))
                    await KeepAsync(connection, partition, from, token).ConfigureAwait(false);
                return true;
            },
            PositionRow.Patience,
            cancellationToken);

    /// <summary>Moves a kept cut down to a place below it; where nothing is kept any more, somebody has decided about it.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="from">The place.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="StorageException">The database can't do it.</exception>
    public Task LowerAsync(StreamPartition partition, LogPosition from, CancellationToken cancellationToken) => _sessions.RunAsync(
        async (connection, token) =>
        {
            await connection.ExecuteAsync(
                "update pulse_cut set from_offset = @from, from_epoch = @epoch where stream = @stream and partition = @partition "
                + "and (from_offset is null or from_offset > @from)",
                token,
                ("from", from.Offset),
                ("epoch", from.Epoch),
                ("stream", partition.Stream),
                ("partition", partition.Partition)).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>Reads what is kept of a partition; null where nothing is.</summary>
    /// <exception cref="StorageException">Storage can't be read, or the positions of a bucket can't.</exception>
    public Task<FoundCut?> ReadAsync(StreamPartition partition, CancellationToken cancellationToken) => _sessions.RunAsync(
        async (connection, token) =>
        {
            var command = connection.Command(
                "select version, from_offset, from_epoch from pulse_cut where stream = @stream and partition = @partition",
                ("stream", partition.Stream),
                ("partition", partition.Partition));
            await using var disposing = command.ConfigureAwait(false);
            var cuts = await command.ReadAllAsync(row => (Version: row.GetInt32(0), From: FromOf(row)), token).ConfigureAwait(false);
            if (cuts.Count == 0)
                return null;
            // Of rollups that were rebuilt, none is there; all others have the same place.
            var from = cuts[0].From;
            var buckets = (await PositionRow.ReadAsync(connection, "", token).ConfigureAwait(false))
                .Where(row => cuts.Exists(cut => cut.Version == row.Version))
                .Select(row => row.In(partition))
                .Where(bucket => bucket.Position.Offset > (from?.Offset ?? 0));
            return new FoundCut(partition, from, [.. buckets]);
        },
        cancellationToken);

    /// <summary>Forgets a cut where no bucket has to go back for it, and keeps who decided it.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="read">All buckets of the partition, as they were read when that was decided.</param>
    /// <param name="why">Why none has to.</param>
    /// <param name="who">The operator, as <c>user@host</c>.</param>
    /// <param name="cancellationToken">Ends the work, of which nothing stays then.</param>
    /// <returns>The buckets that stand elsewhere by now. Where there are any, nothing was changed.</returns>
    /// <exception cref="StorageException">The database can't do it.</exception>
    public Task<IReadOnlyList<BucketId>> ForgetAsync(
        StreamPartition partition, IReadOnlyCollection<BucketPosition> read, string why, string who, CancellationToken cancellationToken) =>
        _sessions.RunAloneAsync<IReadOnlyList<BucketId>>(
        async (connection, token) =>
        {
            await _version.CheckAsync(connection, token).ConfigureAwait(false);
            if (PositionRow.Moved(await PositionRow.LockAsync(connection, _sessions.Kind, token).ConfigureAwait(false), read) is { Count: > 0 } moved)
                return moved;
            await ForgetAsync(connection, _sessions.Kind, [partition], token).ConfigureAwait(false);
            await ActionLog.AddAsync(connection, who, $"accept-cut: partition {partition}, {why}.", token).ConfigureAwait(false);
            return [];
        },
        PositionRow.Patience,
        cancellationToken);

    // What buckets hold beyond their rows may be of the log that was cut: with another name of its content, an incarnation drops it.
    internal static async Task ForgetAsync(
        DbConnection connection, StorageKind kind, IEnumerable<StreamPartition> partitions, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync($"update pulse_bucket set checkpoint = {CheckpointSchema.NewName(kind)}", cancellationToken).ConfigureAwait(false);
        foreach (var partition in partitions)
            await connection.ExecuteAsync(
                "delete from pulse_cut where stream = @stream and partition = @partition",
                cancellationToken,
                ("stream", partition.Stream),
                ("partition", partition.Partition)).ConfigureAwait(false);
    }

    private static Task KeepAsync(DbConnection connection, StreamPartition partition, LogPosition? from, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            "insert into pulse_cut (version, stream, partition, from_offset, from_epoch) "
            + "select version, @stream, @partition, cast(@from as bigint), @epoch from pulse_version where true "
            + "on conflict (version, stream, partition) do update set from_offset = excluded.from_offset, from_epoch = excluded.from_epoch "
            + "where excluded.from_offset < pulse_cut.from_offset or pulse_cut.from_offset is null",
            cancellationToken,
            ("stream", partition.Stream),
            ("partition", partition.Partition),
            ("from", from is { } place ? place.Offset : DBNull.Value),
            ("epoch", from?.Epoch ?? LogPosition.UnknownEpoch));

    private static LogPosition? FromOf(DbDataReader row) => row.IsDBNull(1) ? null : new LogPosition(row.GetInt64(1), row.GetInt32(2));
}
