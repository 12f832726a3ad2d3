using System.Data.Common;
using System.Globalization;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Streams;

/// <summary>
/// Gives positions another stream's name: a broker began to give topics ids, and the topic is still the same. All bucket rows are
/// renamed in one transaction, each only if it has the very content that was looked at, and each gets a new name of its content: an
/// incarnation that knew it by the old one is over.
/// </summary>
/// <param name="sessions">The database.</param>
internal sealed class StreamAdoption(IStorageSessions sessions)
{
    private readonly string _newName = CheckpointSchema.NewName(sessions.Kind);

    /// <summary>The buckets that have positions in a stream.</summary>
    /// <exception cref="StorageException">The positions of one can't be read.</exception>
    public Task<IReadOnlyList<AdoptedBucket>> ReadAsync(CountedStream stream, CancellationToken cancellationToken) => sessions.RunAsync(
        async (connection, token) =>
        {
            var command = connection.Command("select version, bucket, checkpoint, positions from pulse_bucket order by version, bucket");
            await using var disposing = command.ConfigureAwait(false);
            var rows = await command
                .ReadAllAsync(row => (row.GetInt32(0), row.GetInt32(1), new CheckpointId(row.GetGuid(2)), row.GetString(3)), token)
                .ConfigureAwait(false);
            return (IReadOnlyList<AdoptedBucket>)[.. rows.Select(Read).Where(bucket => bucket.Positions.Streams.Contains(stream.Name))];
        },
        cancellationToken);

    /// <summary>Renames the stream wherever it is stored.</summary>
    /// <param name="before">The stream as it is stored.</param>
    /// <param name="after">The same stream as the broker names it now.</param>
    /// <param name="buckets">The rows as they were looked at.</param>
    /// <param name="cancellationToken">Ends the work, of which nothing stays then.</param>
    /// <returns>Whether it did; else a row has other content by now, and nothing has changed.</returns>
    public async Task<bool> RenameAsync(
        CountedStream before, CountedStream after, IReadOnlyList<AdoptedBucket> buckets, CancellationToken cancellationToken)
    {
        try
        {
            return await sessions.RunAloneAsync(
                async (connection, token) =>
                {
                    await RenameAsync(connection, before, after, buckets, token).ConfigureAwait(false);
                    return true;
                },
                StorageAddress.CommandTimeout,
                cancellationToken).ConfigureAwait(false);
        }
        catch (RowMovedException)
        {
            return false;
        }
    }

    private async Task RenameAsync(
        DbConnection connection, CountedStream before, CountedStream after, IReadOnlyList<AdoptedBucket> buckets, CancellationToken cancellationToken)
    {
        // In the order in which a takeover locks rows.
        foreach (var bucket in buckets)
        {
            var command = connection.Command(
                $"update pulse_bucket set positions = @positions, checkpoint = {_newName} "
                + "where version = @version and bucket = @bucket and checkpoint = @checkpoint",
                ("positions", Renamed(bucket.Positions, before.Name, after.Name).ToString()),
                ("version", bucket.Version),
                ("bucket", bucket.Number),
                ("checkpoint", NameOf(bucket.Checkpoint)));
            await using var disposing = command.ConfigureAwait(false);
            if (await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) != 1)
                throw new RowMovedException();
        }

        var names = ((string, object)[])[("before", before.Name), ("after", after.Name)];
        foreach (var table in (string[])["pulse_gap", "pulse_cut", "pulse_sink"])
            await connection.ExecuteAsync($"update {table} set stream = @after where stream = @before", cancellationToken, names).ConfigureAwait(false);
        await RenameBaseAsync(connection, before.Name, after.Name, cancellationToken).ConfigureAwait(false);
        await connection.ExecuteAsync(
            "update pulse_stream set stream = @after, topic_id = @id where stream = @before",
            cancellationToken,
            [.. names, ("id", after.Id)]).ConfigureAwait(false);
    }

    private static async Task RenameBaseAsync(DbConnection connection, string before, string after, CancellationToken cancellationToken)
    {
        var command = connection.Command("select version, base from pulse_version where base <> ''");
        await using var disposing = command.ConfigureAwait(false);
        var bases = await command.ReadAllAsync(row => (row.GetInt32(0), row.GetString(1)), cancellationToken).ConfigureAwait(false);
        foreach (var (version, text) in bases)
            await connection.ExecuteAsync(
                "update pulse_version set base = @base where version = @version",
                cancellationToken,
                ("base", Renamed(BucketPositions.Parse(text), before, after).ToString()),
                ("version", version)).ConfigureAwait(false);
    }

    private static BucketPositions Renamed(BucketPositions positions, string before, string after)
    {
        var renamed = new BucketPositions();
        foreach (var stream in positions.Streams)
        {
            foreach (var (partition, position) in positions.Of(stream).Index())
            {
                if (position is { } known)
                    renamed.Set(new StreamPartition(stream == before ? after : stream, partition), known);
            }
        }

        return renamed;
    }

    private AdoptedBucket Read((int Version, int Number, CheckpointId Checkpoint, string Positions) row)
    {
        try
        {
            return new AdoptedBucket(row.Version, row.Number, row.Checkpoint, BucketPositions.Parse(row.Positions));
        }
        catch (FormatException wrong)
        {
            throw new StorageException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{sessions.Address.Description}: the positions of bucket {row.Number} of version {row.Version} in table pulse_bucket "
                    + $"can't be read: {wrong.Message} Restore the whole database from a backup."),
                wrong);
        }
    }

    // SQLite has them as bytes in the order in which .NET writes them.
    private object NameOf(CheckpointId checkpoint) =>
        sessions.Kind == StorageKind.Postgres ? checkpoint.Value : checkpoint.Value.ToByteArray();

    private sealed class RowMovedException : Exception;
}
