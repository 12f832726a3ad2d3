using System.Data.Common;
using System.Globalization;
using Pulse.Actors.Storage.Actions;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Storage.Gaps;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Cuts;

/// <summary>
/// Accepts that a partition's log was cut below what buckets have stored, in one transaction: what they counted stays counted,
/// their positions go back to where the log differs, and the offsets in between are stored as gaps. Nodes may run meanwhile: each
/// of these buckets has another content from then on, so its incarnation ends and the next one begins there.
/// </summary>
public sealed class CutAcceptance
{
    private readonly IStorageSessions _sessions;
    private readonly DatabaseVersion _version;

    internal CutAcceptance(IStorageSessions sessions) =>
        (_sessions, _version) = (sessions, new DatabaseVersion(sessions.Address, sessions.Kind));

    /// <summary>Reads where all buckets of all rollups stand in a partition.</summary>
    /// <exception cref="StorageException">Storage can't be read, or the positions of a bucket can't.</exception>
    public Task<IReadOnlyList<BucketPosition>> ReadAsync(StreamPartition partition, CancellationToken cancellationToken) =>
        _sessions.RunAsync<IReadOnlyList<BucketPosition>>(
            async (connection, token) =>
            {
                await _version.CheckAsync(connection, token).ConfigureAwait(false);
                return [.. (await PositionRow.ReadAsync(connection, "", token).ConfigureAwait(false)).Select(row => row.In(partition))];
            },
            cancellationToken);

    /// <summary>Accepts cuts, and keeps who did; of one or several partitions.</summary>
    /// <param name="read">All buckets of these partitions, as they were read: one that has stored more since may hold what is in doubt as well.</param>
    /// <param name="cuts">Those of them that go back.</param>
    /// <param name="who">The operator, as <c>user@host</c>.</param>
    /// <param name="cancellationToken">Ends the work, of which nothing stays then.</param>
    /// <returns>The buckets that stand elsewhere by now. Where there are any, nothing was changed.</returns>
    /// <exception cref="StorageException">The database can't do it.</exception>
    public Task<IReadOnlyList<BucketId>> RunAsync(
        IReadOnlyCollection<BucketPosition> read, IReadOnlyCollection<BucketCut> cuts, string who, CancellationToken cancellationToken) =>
        _sessions.RunAloneAsync<IReadOnlyList<BucketId>>(
            async (connection, token) =>
            {
                await _version.CheckAsync(connection, token).ConfigureAwait(false);
                var rows = await PositionRow.LockAsync(connection, _sessions.Kind, token).ConfigureAwait(false);
                if (PositionRow.Moved(rows, read) is { Count: > 0 } moved)
                    return moved;
                foreach (var bucket in cuts.ToLookup(cut => (cut.Stored.Version, cut.Stored.Bucket)))
                    await GoBackAsync(connection, rows[bucket.Key], [.. bucket], token).ConfigureAwait(false);
                await FoundCuts.ForgetAsync(connection, _sessions.Kind, cuts.Select(cut => cut.Stored.Partition).Distinct(), token).ConfigureAwait(false);
                await ActionLog.AddAsync(connection, who, Sentence(cuts), token).ConfigureAwait(false);
                return [];
            },
            PositionRow.Patience,
            cancellationToken);

    private static string Sentence(IReadOnlyCollection<BucketCut> cuts) => "accept-cut: " + string.Join("; ", cuts
        .GroupBy(cut => cut.Stored.Partition)
        .Select(cut => string.Create(
            CultureInfo.InvariantCulture,
            $"partition {cut.Key}, offsets {cut.Min(each => each.To.Offset)} to {cut.Max(each => each.Stored.Position.Offset) - 1} of "
            + $"{CutNotice.Names(cut.Select(each => each.Stored.Bucket))}"))) + ".";

    private async Task GoBackAsync(
        DbConnection connection, PositionRow row, IReadOnlyList<BucketCut> cuts, CancellationToken cancellationToken)
    {
        foreach (var cut in cuts)
        {
            row.Positions.Set(cut.Stored.Partition, cut.To);
            await connection.ExecuteAsync(
                "insert into pulse_gap (version, bucket, stream, partition, from_offset, to_offset, kind) "
                + "values (@version, @bucket, @stream, @partition, @from, @to, @kind)",
                cancellationToken,
                ("version", row.Version),
                ("bucket", row.Bucket.Number),
                ("stream", cut.Stored.Partition.Stream),
                ("partition", cut.Stored.Partition.Partition),
                ("from", cut.To.Offset),
                ("to", cut.Stored.Position.Offset),
                ("kind", GapReader.CutName)).ConfigureAwait(false);
            // Dead letters among the records that are there now are sent as well.
            await connection.ExecuteAsync(
                "update pulse_sink set position = @to where stream = @stream and partition = @partition and position > @to",
                cancellationToken,
                ("to", cut.To.Offset),
                ("stream", cut.Stored.Partition.Stream),
                ("partition", cut.Stored.Partition.Partition)).ConfigureAwait(false);
        }

        await connection.ExecuteAsync(
            "update pulse_bucket set positions = @positions where version = @version and bucket = @bucket",
            cancellationToken,
            ("positions", row.Positions.ToString()),
            ("version", row.Version),
            ("bucket", row.Bucket.Number)).ConfigureAwait(false);
    }
}
